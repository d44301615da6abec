import { randomBytes } from 'node:crypto';
import type { TestDatabase } from './test-database.js';

/** A role that owns nothing, and may do nothing but connect. */
export interface LeastRole {
  readonly name: string;
  readonly url: string;
  drop(): Promise<void>;
}

export async function createLeastRole(database: TestDatabase): Promise<LeastRole> {
  const name = `least_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await database.query(`create role ${name} login password '${password}'`);
  const url = new URL(database.url);
  url.username = name;
  url.password = password;
  return {
    name,
    url: url.href,
    async drop() {
      await database.query(`drop owned by ${name}`);
      await database.query(`drop role ${name}`);
    },
  };
}
