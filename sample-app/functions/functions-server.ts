import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import express from 'express';
import { sendOrderEmail } from './send-order-email.js';

/** A receiver of its own, in Express alone. It stands beside the application only so that one command starts both. */
@Injectable()
export class FunctionsServer implements OnModuleInit, OnApplicationShutdown {
  private server: Server | undefined;

  /** Definitions are read after this, so the address that it gets is known to them. */
  async onModuleInit(): Promise<void> {
    const functions = express();
    functions.use(express.json());
    functions.post('/v1/functions/send-order-email', sendOrderEmail);
    this.server = functions.listen(Number(process.env.FUNCTIONS_PORT ?? 0), 'localhost');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    process.env.FUNCTIONS_URL = `http://localhost:${port}`;
  }

  /** After the dispatcher has stopped. */
  async onApplicationShutdown(): Promise<void> {
    if (this.server === undefined) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
