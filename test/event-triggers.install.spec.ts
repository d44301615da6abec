import type { INestApplicationContext } from '@nestjs/common';
import type { TriggerDefinition } from 'nestjs-event-triggers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from './support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

describe('the option install', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table notes (id int primary key, body text)');
  });

  afterEach(async () => {
    for (const application of applications.splice(0)) await application.close();
    await receiver.close();
    await database.drop();
  });

  const note = (more: Partial<TriggerDefinition> = {}): TriggerDefinition => ({
    name: 'note_added',
    table: 'notes',
    insert: true,
    webhook: receiver.url,
    ...more,
  });
  const boot = async (install: 'apply' | 'verify' | 'off', ...triggers: TriggerDefinition[]) => {
    const application = await startApplication({ database, eventTriggers: { install, triggers } });
    applications.push(application);
    return application;
  };
  const isInstalled = async () => {
    const schemas = await database.query(
      `select from pg_namespace where nspname = 'event_triggers'`,
    );
    return schemas.length > 0;
  };
  const installed = () =>
    database.query(
      'select name, installed, revision, removed_at from event_triggers.event_trigger order by id',
    );

  describe("'verify'", () => {
    it('changes nothing on an empty database and names what is missing', async () => {
      await expect(boot('verify', note())).rejects.toThrow(
        /lacks the migrations 1 \(tables\).*install: 'apply'/s,
      );
      expect(await isInstalled(), 'verify only looks').toBe(false);
    });

    it('lists every difference and changes none', async () => {
      await (await boot('apply', note(), note({ name: 'note_gone' }))).close();
      const before = await installed();

      const starting = boot(
        'verify',
        note({ insert: { when: 'new.id > 1' } }),
        note({ name: 'x' }),
      );

      await expect(starting).rejects.toThrow(
        /"note_added" is attached otherwise.*"x" is missing.*"note_gone" is no longer defined/s,
      );
      expect(await installed(), 'verify only looks').toEqual(before);
    });

    it('starts where all is as it is defined', async () => {
      await (await boot('apply', note())).close();
      await boot('verify', note());

      await database.query('insert into notes values (1)');

      expect(await receiver.waitFor(1), 'it dispatches like any other').toHaveLength(1);
    });
  });

  describe("'off'", () => {
    it('looks at no definition and delivers by those that are stored', async () => {
      await (await boot('apply', note())).close();
      const before = await installed();
      await boot('off', note({ name: 'never_attached' }));

      await database.query('insert into notes values (1)');

      const [request] = await receiver.waitFor(1);
      expect(JSON.parse(request!.body)).toMatchObject({ trigger: { name: 'note_added' } });
      expect(await installed(), 'off changes nothing').toEqual(before);
    });

    it('says what to do where nothing is installed', async () => {
      await expect(boot('off', note())).rejects.toThrow(
        /Nothing is installed in the schema "event_triggers".*install: 'apply'/s,
      );
      expect(await isInstalled(), 'off changes nothing').toBe(false);
    });
  });
});
