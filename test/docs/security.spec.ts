import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

interface InstalledFunction {
  readonly name: string;
  readonly isDefiner: boolean;
  readonly isForAll: boolean;
  readonly searchPath: string | null;
}

describe('what the guide to security says of functions in the database', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let functions: InstalledFunction[];

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, note text)');
    const every = { insert: true, update: true, delete: true, truncate: true } as const;
    app = await startApplication({
      database,
      eventTriggers: {
        triggers: [{ name: 'orders', table: 'orders', webhook: 'http://127.0.0.1:9', ...every }],
      },
    });
    functions = await database.query<InstalledFunction>(
      `select p.proname::text as name, p.prosecdef as "isDefiner",
              has_function_privilege('public', p.oid, 'execute') as "isForAll",
              (select substring(c from 'search_path=(.*)') from unnest(p.proconfig) c where c like 'search_path=%') as "searchPath"
         from pg_proc p
        where p.pronamespace = 'event_triggers'::regnamespace`,
    );
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('those that run with rights of their owner are few, for nobody else to call, and of a fixed path', () => {
    const definers = functions.filter(({ isDefiner }) => isDefiner);
    expect(definers.map(({ name }) => name.replace(/_\d+_/, '_N_')).toSorted()).toEqual([
      'capture_N_delete',
      'capture_N_insert',
      'capture_N_truncate',
      'capture_N_update',
      'tell_definitions_v1',
    ]);
    const terms = definers.map(({ isForAll, searchPath }) => ({ isForAll, searchPath }));
    const wanted = { isForAll: false, searchPath: 'pg_catalog, pg_temp' };
    expect(terms).toEqual(definers.map(() => wanted));
  });
});
