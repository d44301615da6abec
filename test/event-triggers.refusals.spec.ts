import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EVENT_TRIGGERS_ENTITIES, EventTrigger, EventTriggersModule } from 'nestjs-event-triggers';
import { Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { startApplication } from './support/application.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

@Entity('letters')
@EventTrigger<Letter>({ name: 'letter sent!', insert: true, webhook: 'http://127.0.0.1:9' })
@EventTrigger<Letter>({
  name: 'letter_opened',
  update: true,
  webhook: 'http://127.0.0.1:9',
  retry: { attempts: -3 },
})
class Letter {
  @PrimaryGeneratedColumn('identity')
  id!: number;
}

describe('an application refuses to start', () => {
  let database: TestDatabase;
  afterEach(() => database.drop());

  const inDatabase = async () => {
    database = await createTestDatabase();
    await database.query('create table notes (id int primary key, body text)');
    return database;
  };
  const refusal = async (
    eventTriggers: Record<string, unknown>,
    entities: Type<unknown>[] = [],
  ) => {
    const error = await startApplication({
      database: await inDatabase(),
      eventTriggers,
      entities,
      typeOrm: { synchronize: true },
    }).then(
      async (application) => {
        await application.close();
        return new Error('it started');
      },
      (reason: unknown) => reason as Error,
    );
    return error.message;
  };
  const note = { name: 'note_x', table: 'notes', insert: true, webhook: 'http://127.0.0.1:9' };

  it('with options that are wrong, naming each, what is wrong and the fix', async () => {
    const message = await refusal({
      schema: 'pg_mine',
      retry: { attempts: 0 },
      intsall: 'apply',
    });
    expect(message).toMatch(/schema: .*pg_mine|schema: must/);
    expect(message).toContain('retry.attempts');
    expect(message, 'the nearest known option').toContain('install');
  });

  it('without an environment variable that a webhook needs, before anything is installed', async () => {
    const message = await refusal({ triggers: [{ ...note, webhook: '{{NO_SUCH_URL}}/x' }] });
    expect(message).toContain('"note_x"');
    expect(message).toContain('NO_SUCH_URL');
    const installed = await database.query(
      `select from pg_namespace where nspname = 'event_triggers'`,
    );
    expect(installed, 'nothing was done to the database').toHaveLength(0);
  });

  it('with all environment variables that are missing at once', async () => {
    const message = await refusal({
      triggers: [
        { ...note, webhook: '{{NO_SUCH_URL}}/x' },
        { ...note, name: 'note_y', headers: [{ name: 'x-key', valueFromEnv: 'NO_SUCH_KEY' }] },
      ],
    });
    expect(message).toMatch(/"note_x".*NO_SUCH_URL.*"note_y".*NO_SUCH_KEY/s);
  });

  it('for definitions on entities that break a rule, naming the triggers', async () => {
    const message = await refusal({}, [Letter]);
    expect(message).toMatch(/@EventTrigger.*"letter sent!".*name: must be a name of letters/s);
    expect(message).toMatch(/"letter_opened".*retry\.attempts: must be/s);
  });

  it('for an unknown table, naming the trigger', async () => {
    expect(await refusal({ triggers: [{ ...note, table: 'nots' }] })).toMatch(/"note_x".*nots/s);
  });

  it('for an unknown column, naming the trigger and the columns there are', async () => {
    const message = await refusal({
      triggers: [{ ...note, insert: undefined, update: { columns: ['bodi'] } }],
    });
    expect(message).toMatch(/"note_x".*bodi.*body/s);
  });

  it('for a condition that Postgres refuses, with what Postgres says', async () => {
    const message = await refusal({
      triggers: [{ ...note, insert: { when: 'new.nothing > 1' } }],
    });
    expect(message).toMatch(/"note_x".*new\.nothing/s);
  });

  it('for a name that two definitions share', async () => {
    expect(await refusal({ triggers: [note, { ...note, table: 'other' }] })).toMatch(
      /"note_x".*two definitions/s,
    );
  });

  it('when it is imported twice for one data source', async () => {
    const { dataSourceOptions } = await inDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ ...dataSourceOptions, autoLoadEntities: true }),
        EventTriggersModule.forRoot({ application: 'test' }),
        EventTriggersModule.forRoot({ application: 'test', retry: { attempts: 3 } }),
      ],
    })
    class Host {}
    const starting = NestFactory.createApplicationContext(Host, {
      logger: false,
      abortOnError: false,
    });
    await expect(starting).rejects.toThrow(/forRoot is imported twice/);
  });

  it('when its entities are not registered, naming both ways to do it', async () => {
    const { dataSourceOptions } = await inDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot(dataSourceOptions),
        EventTriggersModule.forRoot({ application: 'test' }),
      ],
    })
    class Host {}
    const starting = NestFactory.createApplicationContext(Host, {
      logger: false,
      abortOnError: false,
    });
    await expect(starting).rejects.toThrow(/autoLoadEntities.*EVENT_TRIGGERS_ENTITIES/s);
    expect(EVENT_TRIGGERS_ENTITIES).toHaveLength(3);
  });
});
