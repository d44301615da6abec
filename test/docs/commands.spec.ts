import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { EventTriggersModule } from 'nestjs-event-triggers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../../lib/cli/command-line.js';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { blocksOf, guides, type CodeBlock } from './documents.js';

const CALL = /(?:npx event-triggers|dist\/cli\/event-triggers\.js) (?<words>[^\n|;`]+)/g;
/** Commands of psql itself begin with a backslash. */
const QUERY = /psql "\$DATABASE_URL" -c "(?<sql>[^"\\]+)"/g;

const codeBlocks = async (...languages: string[]): Promise<CodeBlock[]> =>
  (await guides()).flatMap(blocksOf).filter(({ language }) => languages.includes(language));

const has = (command: Command, option: string): boolean =>
  command.options.some(({ long }) => long === option) ||
  (command.parent !== null && has(command.parent, option));

/** What is wrong with a call; null where it can be meant. */
function problemOf(words: readonly string[]): string | null {
  let command = commandLine();
  for (const word of words) {
    if (word.startsWith('--')) {
      if (!has(command, word.split('=')[0]!)) return `${command.name()} has no option ${word}`;
      continue;
    }
    command = command.commands.find((one) => one.name() === word) ?? command;
  }
  return command.parent === null ? 'it is no command' : null;
}

describe('commands in the guides', () => {
  it('are commands of event-triggers, with options that they have', async () => {
    const wrong: string[] = [];
    let count = 0;
    for (const { path, text } of await guides()) {
      for (const { groups } of text.matchAll(CALL)) {
        const words = groups!['words']!.replace(/#.*/, '').trim().split(/\s+/);
        const problem = problemOf(words);
        if (problem !== null) wrong.push(`${path}: event-triggers ${words.join(' ')}: ${problem}`);
        count += 1;
      }
    }
    expect(wrong).toEqual([]);
    expect(count, 'calls that were found').toBeGreaterThan(5);
  });
});

describe('SQL in the guides', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, email text, status text)');
    app = await startApplication({
      database,
      imports: [
        EventTriggersModule.forFeature([
          { name: 'order_created', table: 'orders', insert: true, webhook: 'http://127.0.0.1:9' },
        ]),
      ],
    });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('runs on a database with event triggers', async () => {
    const statements = [
      ...(await codeBlocks('sql')).map(({ path, code }) => [path, code] as const),
      ...(await codeBlocks('sh')).flatMap(({ path, code }) =>
        [...code.matchAll(QUERY)].map(({ groups }) => [path, groups!['sql']!] as const),
      ),
    ];
    expect(statements.length, 'statements that were found').toBeGreaterThan(5);
    const wrong: string[] = [];
    for (const [path, sql] of statements) {
      const client = await database.client();
      await client.query('begin');
      await client.query(sql).catch((error: Error) => {
        wrong.push(`${path}: ${error.message} in\n${sql}`);
      });
      await client.query('rollback');
      await client.end();
    }
    expect(wrong).toEqual([]);
  });
});
