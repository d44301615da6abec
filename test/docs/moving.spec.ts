import { Module } from '@nestjs/common';
import { EventTriggersModule } from 'nestjs-event-triggers';
import { drain, payloadOf, signedRequest } from 'nestjs-event-triggers/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase } from '../support/test-database.js';
import { runApp } from '../webhook/running-app.js';
import { OrderEvents, OrderEventsModule } from './moving/hasura-receiver.js';
import { JobQueue } from './moving/job-queue.js';
import { OrderJobs, orderJob } from './moving/order-jobs.js';

describe('the guide to moving', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('shows a receiver that takes what Hasura sends, at the path and with the header it had', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'swordfish');
    const running = await runApp(OrderEventsModule);
    try {
      const url = `${await running.app.getUrl()}/hasura/events`;
      const payload = payloadOf({ trigger: 'order_created', new: { email: 'ada@example.com' } });
      const known = signedRequest(payload, { header: 'x-secret' });
      expect((await fetch(url, known)).status).toBe(204);
      const stranger = signedRequest(payload, { header: 'x-secret', secret: 'guess' });
      expect((await fetch(url, stranger)).status).toBe(401);
      expect(running.app.get(OrderEvents).welcomed).toEqual(['ada@example.com']);
    } finally {
      await running.close();
    }
  });

  it('shows how a job is made of each order that is committed, whoever makes it', async () => {
    const database = await createTestDatabase();
    await database.query('create table orders (id int primary key, email text)');
    @Module({
      imports: [EventTriggersModule.forFeature([orderJob])],
      providers: [OrderJobs, JobQueue],
    })
    class OrderJobsModule {}
    const app = await startApplication({ database, imports: [OrderJobsModule] });
    try {
      await database.query('insert into orders values (1)');
      await database.query('begin; insert into orders values (2); rollback');
      await drain(app);
      expect([...app.get(JobQueue).jobs.values()]).toEqual([{ id: 1 }]);
    } finally {
      await app.close();
      await database.drop();
    }
  });
});
