import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import type { AddressInfo } from 'node:net';
import { map, type Observable } from 'rxjs';
import {
  EventTriggersAdminModule,
  type EventTriggersAdminOptions,
  EventTriggersModule,
  type EventTriggersOptions,
} from 'nestjs-event-triggers';
import type { TestDatabase } from '../support/test-database.js';
import { runApp } from '../webhook/running-app.js';

export const PASSWORD = 'open sesame';
/** Where the API is, under no prefix. */
export const PATH = 'admin/event-triggers';

/** As a host would guard it. */
@Injectable()
export class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined> }>();
    return headers['authorization'] === PASSWORD;
  }
}

/** What many hosts do to every answer. */
export class Wrapping implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface AdministeredApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly call: (
    method: string,
    route: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Reply>;
  readonly close: () => Promise<void>;
}

export interface AdministeredAppOptions {
  readonly database: TestDatabase;
  readonly eventTriggers?: EventTriggersOptions;
  readonly admin?: Partial<EventTriggersAdminOptions>;
  readonly adapter?: AbstractHttpAdapter;
  readonly configure?: (app: INestApplication) => void;
  /** The host's global prefix, where it sets one. */
  readonly prefix?: string;
}

/** A host with the admin API, listening on the loopback interface. */
export async function startAdministered({
  database,
  eventTriggers,
  admin,
  adapter,
  configure,
  prefix = '',
}: AdministeredAppOptions): Promise<AdministeredApp> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({
        ...database.dataSourceOptions,
        autoLoadEntities: true,
        retryAttempts: 0,
      } as TypeOrmModuleOptions),
      EventTriggersModule.forRoot(
        Object.assign(
          { application: 'test', retry: { strategy: 'fixed', delay: '100ms' } } as const,
          eventTriggers,
        ),
      ),
      EventTriggersAdminModule.forRoot({ path: PATH, guards: [AdminGuard], ...admin }),
    ],
  })
  class HostModule {}

  const running = await runApp(HostModule, adapter, configure);
  const { app } = running;
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const url = `http://127.0.0.1:${port}${prefix}/${PATH}`;
  return {
    app,
    url,
    close: () => running.close(),
    call: async (method, route, body, headers = {}) => {
      const response = await fetch(`${url}/api/${route}`, {
        method,
        headers: {
          authorization: PASSWORD,
          'x-requested-with': 'event-triggers',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      return {
        status: response.status,
        type,
        text,
        body:
          /json/.test(type) && !type.includes('ndjson')
            ? (JSON.parse(text) as Record<string, unknown>)
            : {},
      };
    },
  };
}
