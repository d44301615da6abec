import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { INestApplication, LoggerService, Type } from '@nestjs/common';
import { ModulesContainer, NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { EventTriggersError } from '../event-triggers.errors.js';
import { FeatureHandover } from '../event-triggers.feature-definitions.js';
import { EventTriggersLifecycle, type Blueprint } from '../event-triggers.lifecycle.js';
import { tokenOf } from '../event-triggers.tokens.js';
import { UsageError } from './failure.js';
import type { Terminal } from './terminal.js';

const USUAL_EXPORTS = ['default', 'AppModule'];

/**
 * Makes the host's application, without a hook of it and without listening, and works with what it defines.
 *
 * @param app `FILE` or `FILE#Export` of the compiled root module
 */
export async function withHost(
  { app, dataSource }: { readonly app: string; readonly dataSource: string },
  terminal: Terminal,
  work: (blueprint: Blueprint) => Promise<void>,
): Promise<void> {
  const module = await rootModule(app);
  const application = await create(module, terminal);
  try {
    await work(blueprintOf(application, dataSource));
  } finally {
    await application
      .close()
      .catch((error: unknown) => terminal.note(`The application did not close: ${String(error)}`));
  }
}

async function rootModule(app: string): Promise<Type<unknown>> {
  const [file = '', wanted] = app.split('#');
  const exports = await load(file);
  const names = wanted === undefined ? USUAL_EXPORTS : [wanted];
  // A CommonJS file is one default export with all else in it.
  const places = [exports, exports['default'] as Record<string, unknown> | undefined];
  for (const name of names) {
    for (const place of places) {
      const found: unknown = place?.[name];
      if (typeof found === 'function') return found as Type<unknown>;
    }
  }
  throw new UsageError(
    `${file} exports no root module called ${names.join(' or ')}`,
    'Name its export: --app dist/app.module.js#ShopModule.',
  );
}

async function load(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    throw new EventTriggersError('ET_APPLICATION', `${file} cannot be loaded: ${told(error)}`, {
      hint: 'Give the compiled root module, and the environment that it needs.',
      cause: error,
    });
  }
}

async function create(module: Type<unknown>, terminal: Terminal): Promise<INestApplication> {
  try {
    return await NestFactory.create(module, await httpAdapter(), {
      logger: quietLogger(terminal),
      abortOnError: false,
    });
  } catch (error) {
    throw new EventTriggersError('ET_APPLICATION', `It cannot be made: ${told(error)}`, {
      hint: 'Give it the environment that it is started with.',
      cause: error,
    });
  }
}

/** Whichever the host has: none of it is ever asked to listen. */
async function httpAdapter(): Promise<AbstractHttpAdapter> {
  for (const [name, adapter] of [
    ['@nestjs/platform-express', 'ExpressAdapter'],
    ['@nestjs/platform-fastify', 'FastifyAdapter'],
  ] as const) {
    const platform = (await import(name).catch(() => null)) as Record<string, unknown> | null;
    const Adapter = platform?.[adapter] as (new () => AbstractHttpAdapter) | undefined;
    if (Adapter !== undefined) return new Adapter();
  }
  throw new EventTriggersError('ET_APPLICATION', 'Neither Express nor Fastify is installed', {
    hint: 'Run it where the application is installed.',
  });
}

function blueprintOf(application: INestApplication, dataSource: string): Blueprint {
  // Feature modules speak in a hook, and hooks are not run: those of others might work.
  for (const { providers } of application.get(ModulesContainer).values())
    for (const { instance } of providers.values())
      if (instance instanceof FeatureHandover) instance.onModuleInit();
  const lifecycle = lifecycleOf(application, tokenOf('Lifecycle', dataSource));
  if (lifecycle instanceof EventTriggersLifecycle) return lifecycle.blueprint();
  const problem =
    lifecycle === null
      ? 'imports no EventTriggersModule.forRoot for this data source'
      : 'uses another copy of this package';
  throw new EventTriggersError('ET_APPLICATION', `The application ${problem}`, {
    hint: 'Run the command that is installed with it; name its data source with --data-source.',
  });
}

function lifecycleOf(application: INestApplication, token: string): unknown {
  try {
    return application.get<unknown>(token, { strict: false });
  } catch {
    return null;
  }
}

const quietLogger = (terminal: Terminal): LoggerService => ({
  log: () => undefined,
  warn: (message: unknown) => terminal.note(String(message)),
  error: (message: unknown) => terminal.note(told(message)),
});

const told = (error: unknown): string => (error instanceof Error ? error.message : String(error));
