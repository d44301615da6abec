import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  Catch,
  ConflictException,
  Controller,
  type ExceptionFilter,
  ForbiddenException,
  Injectable,
  Module,
  type NestInterceptor,
  ParseIntPipe,
  Post,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { EventTriggersReceiverModule, OnEventTrigger } from 'nestjs-event-triggers';
import { payloadOf } from 'nestjs-event-triggers/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS, type RunningApp, runApp } from '../webhook/running-app.js';

const SECRET = 'a secret';
const KNOWN = { 'nhost-webhook-secret': SECRET };
const PATH = '/event-triggers';
const ORDER_CREATED = payloadOf({ trigger: 'order_created', new: { id: 1 } });
const ORDER_CHANGED = payloadOf({
  trigger: 'unknown_here',
  table: { name: 'orders', schema: 'public' },
  op: 'UPDATE',
  old: { id: 1 },
  new: { id: 2 },
});

describe.each(ADAPTERS)('a method behind the endpoint for webhooks on %s', (_, makeAdapter) => {
  let running: RunningApp | undefined;
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  it('runs guards, pipes, interceptors and filters of the method', async () => {
    const passed: string[] = [];
    @Catch()
    class Filter implements ExceptionFilter {
      catch(error: Error, _host: ArgumentsHost): unknown {
        passed.push(`filter: ${error.message}`);
        throw new ConflictException();
      }
    }
    class Guard {
      canActivate(context: { getType(): string }): boolean {
        passed.push(`guard: ${context.getType()}`);
        return true;
      }
    }
    class Interceptor implements NestInterceptor {
      intercept(_context: unknown, next: CallHandler) {
        passed.push('interceptor');
        return next.handle();
      }
    }
    @Controller('other')
    @UseGuards(Guard)
    class WithAll {
      @Post()
      @OnEventTrigger('order_created')
      @UseInterceptors(Interceptor)
      @UseFilters(Filter)
      created(@Body('id') id: string, @Body('trigger') trigger: object): void {
        passed.push(`${id} ${JSON.stringify(trigger)}`);
        throw new Error('it failed');
      }
    }
    @Module({
      imports: [EventTriggersReceiverModule.forRoot({ secret: SECRET })],
      controllers: [WithAll],
    })
    class App {}
    running = await runApp(App, makeAdapter());
    const answer = await running.post(PATH, KNOWN, ORDER_CREATED);
    expect(answer).toMatchObject({ status: 409 });
    expect(passed).toEqual([
      'guard: event-trigger',
      'interceptor',
      `${ORDER_CREATED.id} {"name":"order_created"}`,
      'filter: it failed',
    ]);
  });

  it('answers what a pipe or a guard of the method refuses with its status', async () => {
    const called: string[] = [];
    @Injectable()
    class Strict {
      @OnEventTrigger('order_created')
      created(@Body('id', ParseIntPipe) _id: number): void {
        called.push('created');
      }

      @OnEventTrigger({ table: 'orders' })
      @UseGuards(
        class {
          canActivate(): boolean {
            throw new ForbiddenException();
          }
        },
      )
      guarded(): void {
        called.push('guarded');
      }
    }
    @Module({
      imports: [EventTriggersReceiverModule.forRoot({ secret: SECRET })],
      providers: [Strict],
    })
    class App {}
    running = await runApp(App, makeAdapter());
    expect(await running.post(PATH, KNOWN, ORDER_CREATED)).toMatchObject({ status: 400 });
    expect(await running.post(PATH, KNOWN, ORDER_CHANGED)).toMatchObject({ status: 403 });
    expect(called).toEqual([]);
  });
});
