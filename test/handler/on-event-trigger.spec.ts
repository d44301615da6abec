import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  type INestApplicationContext,
  Injectable,
  type NestInterceptor,
  ParseIntPipe,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  EventRejectedError,
  EventTriggersModule,
  EventTriggersService,
  OnEventTrigger,
  type EventTriggerPayload,
  type HandlerDelivery,
  type TriggerDefinition,
} from 'nestjs-event-triggers';
import { tap } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

interface Order {
  id: number;
  note: string;
}

const TIMEOUT_MS = 300;

const orderCreated: TriggerDefinition = {
  name: 'order_created',
  table: 'orders',
  insert: true,
  retry: { strategy: 'fixed', delay: '100ms', attempts: 3 },
};

describe('a trigger without a webhook', () => {
  let database: TestDatabase;
  let application: INestApplicationContext | undefined;
  /** What the handler of a test has been given. */
  let calls: { payload: EventTriggerPayload<Order>; delivery: HandlerDelivery }[];
  /** What it does then. */
  let handle: (call: (typeof calls)[number]) => unknown;

  @Injectable()
  class Orders {
    private readonly own = 'its own';

    @OnEventTrigger('order_created')
    async orderCreated(
      payload: EventTriggerPayload<Order>,
      delivery: HandlerDelivery,
    ): Promise<void> {
      if (this.own !== 'its own') throw new Error('it is not called as a method');
      calls.push({ payload, delivery });
      await handle(calls.at(-1)!);
    }
  }

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query('create table orders (id bigint primary key, note text not null)');
  });
  beforeEach(() => {
    calls = [];
    handle = () => undefined;
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
    await database.query('drop schema event_triggers cascade');
    await database.query('truncate orders');
  });
  afterAll(() => database.drop());

  const start = async (
    providers: Type<unknown>[],
    triggers: TriggerDefinition[] = [orderCreated],
    more: object = {},
  ): Promise<void> => {
    application = await startApplication({
      database,
      eventTriggers: { triggers, ...more },
      imports: [{ module: class OrdersModule {}, providers }],
    });
  };
  const outcomes = () =>
    database.query(
      `select outcome::text, status, error_code, error_message, number
         from event_triggers.attempt
        order by number`,
    );
  const deadLetters = () => database.query('select reason from event_triggers.dead_letter');
  const settled = async (attempts: number) =>
    await eventually(async () => (await outcomes()).length === attempts && (await outcomes()), {
      describe: `${attempts} attempts to be in the log`,
    });

  it('has its events handled by a method of a provider, with the payload of a webhook', async () => {
    await start([Orders]);
    await database.query(`insert into orders values (7, 'hello')`);

    expect(await settled(1)).toEqual([
      { outcome: 'delivered', status: null, error_code: null, error_message: null, number: 1 },
    ]);
    expect(calls).toHaveLength(1);
    const [{ payload, delivery }] = calls as [(typeof calls)[number]];
    expect(payload).toMatchObject({
      table: { schema: 'public', name: 'orders' },
      trigger: { name: 'order_created' },
      event: { op: 'INSERT', data: { old: null, new: { id: 7, note: 'hello' } } },
      delivery_info: { current_retry: 0, max_retries: 2 },
    });
    expect(payload.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(delivery.attempt).toBe(1);
  });

  it('keeps a bigint that JavaScript cannot hold, as text', async () => {
    await start([Orders]);
    await database.query(`insert into orders values (9223372036854775807, 'large')`);
    await settled(1);
    expect(calls[0]?.payload.event.data.new?.id).toBe('9223372036854775807');
  });

  it('tries again when the handler throws, with the same id, and logs why', async () => {
    handle = ({ delivery }) => {
      if (delivery.attempt < 3) throw new TypeError('no mailer');
    };
    await start([Orders]);
    await database.query(`insert into orders values (1, 'x')`);

    expect(await settled(3)).toMatchObject([
      { outcome: 'retry', status: null, error_code: 'TypeError', error_message: 'no mailer' },
      { outcome: 'retry', number: 2 },
      { outcome: 'delivered', number: 3 },
    ]);
    expect(new Set(calls.map(({ payload }) => payload.id)).size, 'one id').toBe(1);
    expect(calls.map(({ payload }) => payload.delivery_info.current_retry)).toEqual([0, 1, 2]);
  });

  it('gives an event up at once that the handler rejects', async () => {
    handle = () => {
      throw new EventRejectedError('There is no such customer');
    };
    await start([Orders]);
    await database.query(`insert into orders values (1, 'x')`);
    expect(await settled(1)).toMatchObject([
      { outcome: 'dead', error_code: 'ET_EVENT_REJECTED', number: 1 },
    ]);
    expect(await deadLetters()).toEqual([{ reason: 'rejected' }]);
  });

  it('does not wait for a handler that takes too long, and tells it', async () => {
    let told: unknown;
    handle = async ({ delivery: { attempt, signal } }) => {
      if (attempt > 1) return;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      told = signal.reason;
    };
    await start([Orders], [{ ...orderCreated, timeout: TIMEOUT_MS }]);
    await database.query(`insert into orders values (1, 'x')`);
    expect(await settled(2)).toMatchObject([
      {
        outcome: 'retry',
        error_code: 'ETIMEDOUT',
        error_message: expect.stringContaining('300 ms'),
      },
      { outcome: 'delivered' },
    ]);
    expect(told).toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('keeps the order of a row', async () => {
    handle = ({ delivery }) => {
      if (calls.length === 1) throw new Error(`attempt ${delivery.attempt} fails`);
    };
    await start([Orders], [{ ...orderCreated, insert: true, update: true, ordering: 'row' }]);
    await database.query(`insert into orders values (1, 'first')`);
    await database.query(`update orders set note = 'second' where id = 1`);
    await eventually(() => calls.length === 3, { describe: 'three calls' });
    expect(calls.map(({ payload }) => payload.event.data.new?.note)).toEqual([
      'first',
      'first',
      'second',
    ]);
  });

  it('is handled once, with guards, interceptors, filters and pipes of the method', async () => {
    const passed: string[] = [];

    class Guard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        passed.push(`guard of ${context.getType<string>()}`);
        return true;
      }
    }
    class Interceptor implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(tap({ error: () => passed.push('interceptor saw the error') }));
      }
    }
    @Catch(RangeError)
    class Filter implements ExceptionFilter<RangeError> {
      async catch({ message }: RangeError, host: ArgumentsHost): Promise<void> {
        const [payload] = host.getArgs<[EventTriggerPayload<Order>]>();
        passed.push(`filter caught "${message}" of ${payload.event.data.new?.note}`);
      }
    }
    @Injectable()
    class Guarded {
      @OnEventTrigger('order_created')
      @UseGuards(Guard)
      @UseInterceptors(Interceptor)
      @UseFilters(Filter)
      orderCreated(
        @Body() { event }: EventTriggerPayload<Order>,
        @Body('delivery_info', { transform: ({ max_retries: most }) => String(most) }, ParseIntPipe)
        most: number,
      ): void {
        passed.push(`handler of ${event.data.new?.note}, ${most}`);
        throw new RangeError('far away');
      }
    }
    await start([Guarded]);
    await database.query(`insert into orders values (1, 'one')`);
    expect(await settled(1), 'a filter that catches has handled it').toMatchObject([
      { outcome: 'delivered' },
    ]);
    expect(passed).toEqual([
      'guard of event-trigger',
      'handler of one, 2',
      'interceptor saw the error',
      'filter caught "far away" of one',
    ]);
  });

  it('is not handled where a guard says no, and says so', async () => {
    class Closed implements CanActivate {
      canActivate(): boolean {
        throw new ForbiddenException('closed for today');
      }
    }
    @Injectable()
    class Guarded {
      @OnEventTrigger('order_created')
      @UseGuards(Closed)
      orderCreated(): void {
        calls.push(undefined as never);
      }
    }
    await start([Guarded]);
    await database.query(`insert into orders values (1, 'one')`);
    const attempts = await settled(3);
    expect(attempts[0]).toMatchObject({ outcome: 'retry', error_message: 'closed for today' });
    expect(calls).toEqual([]);
  });

  it('is found wherever its handler stands: a method may handle several, a class be inherited', async () => {
    const shipped: TriggerDefinition = { ...orderCreated, name: 'order_again' };
    const names: string[] = [];
    class Base {
      @OnEventTrigger('order_created')
      @OnEventTrigger('order_again')
      handle({ trigger }: EventTriggerPayload): void {
        names.push(trigger.name);
      }
    }
    @Injectable()
    class Derived extends Base {}
    await start([Derived], [orderCreated, shipped]);
    await database.query(`insert into orders values (1, 'x')`);
    await eventually(() => names.length === 2, { describe: 'both to be handled' });
    expect(names.sort()).toEqual(['order_again', 'order_created']);
  });

  it('may be declared by a feature module', async () => {
    application = await startApplication({
      database,
      imports: [
        EventTriggersModule.forFeature([orderCreated]),
        { module: class OrdersModule {}, providers: [Orders] },
      ],
    });
    await database.query(`insert into orders values (1, 'x')`);
    await settled(1);
    expect(calls).toHaveLength(1);
  });

  it('leaves its events to a replica that has the handler', async () => {
    await start([], [orderCreated], { dispatcher: false });
    await database.query(`insert into orders values (1, 'x')`);
    expect(application!.get(EventTriggersService).health().isHealthy).toBe(true);
    await application!.close();
    await start([Orders]);
    await settled(1);
    expect(calls).toHaveLength(1);
  });

  it('lets go of a handler that is under way when the process stops, and hands its event on', async () => {
    handle = () => new Promise(() => undefined);
    await start([Orders], [orderCreated], { dispatcher: { drainSeconds: 1 } });
    await database.query(`insert into orders values (1, 'x')`);
    await eventually(() => calls.length === 1, { describe: 'the first call' });
    await application!.close();
    expect(calls[0]?.delivery.signal.aborted).toBe(true);
    handle = () => undefined;
    await start([Orders]);
    await eventually(() => calls.length === 2, { describe: 'the second call' });
  });
});
