import { Controller, Get, Inject, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  HealthCheck,
  HealthCheckService,
  TerminusModule,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule, EventTriggersService } from 'nestjs-event-triggers';
import {
  EventTriggersHealthIndicator,
  EventTriggersHealthModule,
} from 'nestjs-event-triggers/health';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication, type ApplicationOptions } from '../support/application.js';
import { startSilentProxy } from '../support/silent-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

/** Beyond the five minutes that something may wait. */
const TOO_LONG = `interval '10 minutes'`;
const OK = 200;
const UNAVAILABLE = 503;

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(EventTriggersHealthIndicator)
    private readonly eventTriggers: EventTriggersHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.eventTriggers.isHealthy('event-triggers')]);
  }
}

interface Answer {
  readonly status: number;
  readonly problems: readonly string[];
}

describe('the health of an application', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplication | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    receiver = await startFakeReceiver();
  });

  afterEach(async () => {
    await application?.close();
    application = undefined;
    await receiver.close();
    await database.drop();
  });

  const start = async (
    eventTriggers: NonNullable<ApplicationOptions['eventTriggers']> = {},
    url = database.url,
  ): Promise<void> => {
    const orderCreated = {
      name: 'order_created',
      table: 'orders',
      insert: true,
      webhook: receiver.url,
    } as const;
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url, autoLoadEntities: true, retryAttempts: 0 }),
        EventTriggersModule.forRoot(
          Object.assign({ application: 'test', triggers: [orderCreated] }, eventTriggers),
        ),
        TerminusModule,
        EventTriggersHealthModule.forRoot(),
      ],
      controllers: [HealthController],
    })
    class HostModule {}
    application = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
    await application.listen(0, '127.0.0.1');
  };

  const health = async (): Promise<Answer> => {
    const response = await fetch(`${await application!.getUrl()}/health`);
    const { details } = (await response.json()) as {
      details: { 'event-triggers': { problems?: string[] } };
    };
    return { status: response.status, problems: details['event-triggers'].problems ?? [] };
  };

  /** As if what was written had been written before. */
  const timePasses = async (): Promise<void> => {
    const ago = TOO_LONG;
    await database.query(
      `update event_triggers.event_trigger set updated_at = updated_at - ${ago}`,
    );
    await database.query(`update event_triggers.event set created_at = created_at - ${ago}`);
    await database.query(`update event_triggers.batch set created_at = created_at - ${ago}`);
    await database.query(`update event_triggers.tally set created_at = created_at - ${ago}`);
    await database.query(
      `update event_triggers.retry set due = due - ${ago} where due < 'infinity'`,
    );
  };

  it('is good where nothing happens', async () => {
    await start();
    expect(await health()).toEqual({ status: OK, problems: [] });
  });

  it('is bad while events wait that nobody delivers, and good again when somebody does', async () => {
    await start({ dispatcher: false });
    await database.query('insert into orders values (1)');
    expect(await health(), 'it has only just come').toEqual({ status: OK, problems: [] });
    await timePasses();
    const { status, problems } = await health();
    expect(status).toBe(UNAVAILABLE);
    expect(problems).toEqual([
      expect.stringMatching(
        /^Event trigger "order_created" makes no progress: changes wait that nobody claims, the oldest since \d{4}-/,
      ),
    ]);

    await application!.close();
    await start();
    await receiver.waitFor(1);
    await eventually(async () => (await health()).status === OK, { describe: 'good health' });
  });

  it('is good while a destination fails and is attempted', async () => {
    receiver.respondWith({ status: 500 });
    await start({ retry: { attempts: 5, strategy: 'fixed', delay: '1h', jitter: false } });
    await database.query('insert into orders values (1)');
    await eventually(
      async () => (await database.query('select from event_triggers.tally')).length > 0,
      { describe: 'the attempt to be counted', timeoutMs: 20_000 },
    );
    expect(await health()).toEqual({ status: OK, problems: [] });
    await timePasses();
    expect(await health(), 'the next attempt is not due').toEqual({ status: OK, problems: [] });
  });

  it('is bad where an attempt is overdue', async () => {
    receiver.respondWith({ status: 500 });
    const retry = { attempts: 5, strategy: 'fixed', delay: '1h', jitter: false } as const;
    await start({ retry });
    await database.query('insert into orders values (1)');
    await eventually(
      async () => (await database.query('select from event_triggers.retry')).length > 0,
      { describe: 'the retry' },
    );
    await application!.close();
    await start({ retry, dispatcher: false });
    await timePasses();
    expect((await health()).status, 'it is due in an hour').toBe(OK);
    await database.query(`update event_triggers.retry set due = now() - ${TOO_LONG}`);
    expect((await health()).problems.join()).toContain('events wait whose next attempt is overdue');
  });

  it('is bad where nobody takes over what a dispatcher left', async () => {
    receiver.respondWith({ hang: true });
    const proxy = await startSilentProxy(database.url);
    await start({ dispatcher: { leaseSeconds: 3, drainSeconds: 0 } }, proxy.url);
    await database.query('insert into orders values (1)');
    await receiver.waitFor(1);
    await proxy.close();
    await application!.close();
    await start({ dispatcher: false });
    await timePasses();
    await database.query(`update event_triggers.dispatcher set lease_until = now() - ${TOO_LONG}`);
    expect((await health()).problems.join()).toContain(
      'events wait that a dispatcher left which is gone',
    );
  });

  it('does not count a trigger whose delivery is paused, nor at once one that is resumed', async () => {
    await start({ dispatcher: false });
    const service = application!.get(EventTriggersService);
    await service.pause('order_created');
    await database.query('insert into orders values (1)');
    await timePasses();
    expect(await health()).toEqual({ status: OK, problems: [] });
    await service.resume('order_created');
    expect(await health(), 'it is due since now').toEqual({ status: OK, problems: [] });
    await timePasses();
    expect((await health()).status, 'and long ago').toBe(UNAVAILABLE);
  });

  it('does not count a trigger that this replica keeps back, or works at', async () => {
    receiver.respondWith({ status: 429, headers: { 'retry-after': '3600' } });
    await start();
    await database.query('insert into orders values (1)');
    await receiver.waitFor(1);
    await database.query('insert into orders values (2)');
    await eventually(
      async () => (await database.query('select from event_triggers.retry')).length > 0,
      { describe: 'the retry' },
    );
    await timePasses();
    expect(await health()).toEqual({ status: OK, problems: [] });
  });

  it('is bad where the database does not answer, within seconds', async () => {
    const proxy = await startSilentProxy(database.url);
    await start({}, proxy.url);
    expect((await health()).status).toBe(OK);
    proxy.silence();
    const { status, problems } = await health();
    expect(status).toBe(UNAVAILABLE);
    expect(problems.join()).toContain(
      'Whether event triggers are delivered is not known: the database did not answer within 3000 ms',
    );
    await application!.close();
    application = undefined;
    await proxy.close();
  });

  it('does not count a trigger whose rate limit lets one through more rarely than is asked for', async () => {
    const slow = {
      name: 'order_slow',
      table: 'orders',
      insert: true,
      rateLimit: 1 / 1_800,
    } as const;
    await start({ dispatcher: false, triggers: [{ ...slow, webhook: receiver.url }] });
    await database.query('insert into orders values (1)');
    await timePasses();
    expect(await health(), 'one in half an hour').toEqual({ status: OK, problems: [] });
    for (let times = 0; times < 3; times += 1) await timePasses();
    expect((await health()).status).toBe(UNAVAILABLE);
  });

  it('is refused where there is nothing to look at', async () => {
    await expect(
      startApplication({
        database,
        imports: [EventTriggersHealthModule.forRoot({ dataSource: 'billing' })],
      }),
    ).rejects.toThrow('EventTriggersHealthModule found no event triggers of "billing"');
  });

  it('is asked with a time that can be told', async () => {
    await start();
    const service = application!.get(EventTriggersService);
    await expect(service.checkProgress({ stalledAfter: '1s' })).rejects.toThrow(
      'stalledAfter is "1s"',
    );
    await expect(service.checkProgress({ stalledAfter: 'soon' })).rejects.toThrow(
      'stalledAfter is "soon"',
    );
  });
});
