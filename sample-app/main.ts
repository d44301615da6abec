import { randomBytes } from 'node:crypto';
import { Logger, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { whereToLook } from './where-to-look.js';

const DEFAULT_PORT = 3000;
/** 256 bits: nobody guesses that. */
const SECRET_BYTES = 32;

const port = Number(process.env.PORT || DEFAULT_PORT);
// The sample sends webhooks to itself, so a secret that lasts until the next start is enough.
process.env.NHOST_WEBHOOK_SECRET ||= randomBytes(SECRET_BYTES).toString('hex');
process.env.NHOST_BACKEND_URL ||= `http://localhost:${port}`;

const app = await NestFactory.create(AppModule);
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
// Without it a SIGTERM cuts off the webhooks in flight, and they are delivered twice.
app.enableShutdownHooks();
await app.listen(port);

new Logger('SampleApp').log(whereToLook(`http://localhost:${port}`));
