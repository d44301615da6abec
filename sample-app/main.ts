import { randomBytes } from 'node:crypto';
import { Logger, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { CannotStart } from './cannot-start.js';
import { assertTablesAreOurs } from './database-check.js';
import { OUTBOX_FILE, openOutbox } from './emails/mailer.js';

const DEFAULT_PORT = 3000;
/** 256 bits: nobody guesses that. */
const SECRET_BYTES = 32;

const port = Number(process.env.PORT || DEFAULT_PORT);
const url = `http://localhost:${port}`;
// The sample sends webhooks to itself, so a secret that lasts until the next start is enough.
process.env.NHOST_WEBHOOK_SECRET ||= randomBytes(SECRET_BYTES).toString('hex');
process.env.NHOST_BACKEND_URL ||= url;

try {
  await openShop();
} catch (error) {
  if (!(error instanceof CannotStart)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function openShop(): Promise<void> {
  await openOutbox();
  await assertTablesAreOurs(process.env.DATABASE_URL);

  const app = await NestFactory.create(AppModule);
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
  // Without it a SIGTERM cuts off the webhooks in flight, and they are delivered twice.
  app.enableShutdownHooks();
  try {
    await app.listen(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await app.close();
    throw new CannotStart(`port ${port} is in use; set PORT`, { cause: error });
  }

  new Logger('SampleApp').log(`listens at ${url}, writes e-mails to ${OUTBOX_FILE}`);
  // Tells start.mjs, if that is what started it.
  process.send?.('listening');
}
