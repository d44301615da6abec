import type { INestApplicationContext } from '@nestjs/common';
import { EventTriggersService } from 'nestjs-event-triggers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

describe('a copy of the production database', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
    await receiver.close();
    await database.drop();
  });

  const boot = async (deployment: string): Promise<INestApplicationContext> => {
    const application = await startApplication({
      database,
      eventTriggers: {
        deployment,
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
      },
    });
    applications.push(application);
    return application;
  };
  const delivered = (): number[] =>
    receiver.requests.map((request) => (payloadIn(request).event.data.new as { id: number }).id);

  it('captures in staging, and delivers there once it is adopted', async () => {
    const production = await boot('production');
    await database.query('insert into orders values (1)');
    await eventually(() => delivered().length === 1, { describe: 'the order of production' });
    await production.close();

    const staging = await boot('staging');
    await database.query('insert into orders values (2)');
    const service = staging.get(EventTriggersService, { strict: false });
    await eventually(() => !service.health().isHealthy, { describe: 'staging to notice' });
    expect(service.health().problems).toEqual([
      expect.stringContaining('the log belongs to the deployment "production"'),
    ]);
    expect(await service.adopt('deliver'), 'the order that was captured meanwhile').toBe(1);
    await database.query('insert into orders values (3)');

    await eventually(() => delivered().length === 3, { describe: 'both orders of staging' });
    expect(new Set(delivered())).toEqual(new Set([1, 2, 3]));
    expect(service.health()).toEqual({ isHealthy: true, problems: [], drifted: [] });
  });
});
