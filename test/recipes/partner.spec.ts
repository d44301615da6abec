import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { drain, payloadOf, signedRequest } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runApp, type RunningApp } from '../webhook/running-app.js';
import { PartnerController } from './partner-receiver.js';
import { orderPartner } from './order-partner.js';
import { verified } from './plain-receiver.js';
import { useShop } from './shop.js';

const keyOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const KEY = keyOf(1);

describe('the recipe for a partner', () => {
  const shop = useShop();
  let partner: RunningApp | undefined;

  beforeEach(() => vi.stubEnv('PARTNER_SIGNING_KEY', KEY));
  afterEach(async () => {
    await partner?.close();
    partner = undefined;
  });

  it('is let in by a guard, with a signature and no other', async () => {
    @Module({ controllers: [PartnerController] })
    class PartnerModule {}
    partner = await runApp(PartnerModule, undefined, undefined, { rawBody: true });
    const url = await partner.app.getUrl();
    vi.stubEnv('PARTNER_URL', url);
    const app = await shop.start({ triggers: [orderPartner] });
    const { id } = await shop.order({ total: '10' });
    await drain(app);
    expect([...partner.app.get(PartnerController).orders.values()]).toEqual([{ id, total: 10 }]);

    const payload = payloadOf({ trigger: 'order_partner', new: { id: 2 } });
    const forged = signedRequest(payload, { signingKeys: keyOf(2) });
    expect((await fetch(`${url}/orders`, forged)).status).toBe(401);
  });

  it('passes a library of Standard Webhooks, and no change of a byte does', async () => {
    const verdicts: unknown[] = [];
    const server = createServer((request, response) => {
      verified(request, KEY).then(
        (payload) => {
          verdicts.push(payload);
          response.writeHead(204).end();
        },
        () => response.writeHead(401).end(),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      vi.stubEnv('PARTNER_URL', url);
      const app = await shop.start({ triggers: [orderPartner] });
      await shop.order();
      await drain(app);
      expect(verdicts).toMatchObject([{ trigger: { name: 'order_partner' } }]);

      const payload = payloadOf({ trigger: 'order_partner', new: { id: 2 } });
      const request = signedRequest(payload, { signingKeys: KEY });
      const changed = { ...request, body: request.body.replace('"id":2', '"id":3') };
      expect((await fetch(url, changed)).status).toBe(401);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
