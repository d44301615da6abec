import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type DynamicModule,
  type INestApplication,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RecordingLogger } from './recording-logger.js';

export const ADAPTERS: readonly (readonly [string, () => AbstractHttpAdapter])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface RunningApp {
  readonly app: INestApplication;
  readonly log: RecordingLogger;
  /** Posts `payload` with the given headers; an array sends that header several times. */
  readonly post: (
    path: string,
    headers?: Record<string, string | string[]>,
    payload?: unknown,
  ) => Promise<Answer>;
  close(): Promise<void>;
}

/** Starts a real application on a free port of the loopback interface. */
export async function runApp(
  module: Type<unknown> | DynamicModule,
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
  configure: (app: INestApplication) => void = () => undefined,
  options: NestApplicationOptions = {},
): Promise<RunningApp> {
  const log = new RecordingLogger();
  const app = await NestFactory.create(module, adapter, {
    logger: log,
    abortOnError: false,
    ...options,
  });
  configure(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    log,
    post: (path, headers = {}, payload = {}) => post(port, path, headers, payload),
    close: () => app.close(),
  };
}

/** By `node:http`, because `fetch` cannot send a header twice. */
function post(
  port: number,
  path: string,
  headers: Record<string, string | string[]>,
  payload: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method: 'POST', agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.setHeader('content-type', 'application/json');
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
    request.end(typeof payload === 'string' ? payload : JSON.stringify(payload));
  });
}
