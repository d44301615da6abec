import { type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

/** Starts an application on the loopback interface, and tells whoever started this process where it is. */
export function listen(
  module: Type<unknown>,
  configure: (app: INestApplication) => void | Promise<void> = () => undefined,
): void {
  boot(module, configure).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

async function boot(
  module: Type<unknown>,
  configure: (app: INestApplication) => void | Promise<void>,
): Promise<void> {
  const app = await create(module);
  await configure(app);
  app.enableShutdownHooks();
  // Whoever started it may be killed; it must not stay behind.
  process.once('disconnect', () => void app.close().finally(() => process.exit()));
  await app.listen(process.env['PORT'] ?? 0, '127.0.0.1');
  process.send?.({ url: await app.getUrl() });
}

async function create(module: Type<unknown>): Promise<INestApplication> {
  const options = { abortOnError: false, rawBody: true } as const;
  if (!isOnFastify()) return await NestFactory.create(module, new ExpressAdapter(), options);
  return await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), options);
}

export const isOnFastify = (): boolean => process.env['PLATFORM'] === 'fastify';

/** A variable that the test sets. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`Expected the variable ${name}`);
  return value;
}
