import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { drain } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { orderFunction } from './order-function.js';
import orderCreated from './order-created.function.js';
import { useShop } from './shop.js';

describe('the recipe for a serverless function', () => {
  const shop = useShop();
  let server: Server;
  let url: string;

  beforeEach(async () => {
    const functions = express().use(express.json());
    functions.post('/v1/functions/order-created', orderCreated);
    server = createServer(functions).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    vi.stubEnv('NHOST_BACKEND_URL', url);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  });

  it('is called with the secret, and does its work', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const app = await shop.start({ triggers: [orderFunction] });
    const { id } = await shop.order({ email: 'ada@example.com' });
    await drain(app);
    expect(log.mock.calls).toEqual([[`Order ${id} of ada@example.com`]]);
    const [attempt] = await shop.database.query('select status from event_triggers.attempt');
    expect(attempt).toEqual({ status: 204 });
  });

  it.each(['', 'guess', 'swordfist'])('lets nobody in with %j for the secret', async (secret) => {
    const headers = { 'nhost-webhook-secret': secret };
    const answer = await fetch(`${url}/v1/functions/order-created`, { method: 'POST', headers });
    expect(answer.status).toBe(401);
  });
});
