import { payloadOf, signedRequest } from 'nestjs-event-triggers/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, startBrowser } from '../../console/browser.js';
import { visit } from '../../console/console-visit.js';
import { freePort } from '../../support/free-port.mjs';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { eventually } from '../../support/wait-until.js';
import { compiledApps } from '../support/compiled-apps.js';
import type { Host } from '../support/installation.js';
import { startApp, type RunningApp } from '../support/running-app.js';
import type { Platform } from './host.js';

const SECRET = 'a secret';
/** What the guard of the whole application asks for. */
const TOKEN = { authorization: 'Bearer token' };
/** And what the guard of the admin API asks for in addition. */
const ADMIN = { ...TOKEN, 'x-role': 'admin' };
/** What a change carries, which pages of other sites cannot send. */
const CHANGE = { ...ADMIN, 'x-requested-with': 'test' };

/**
 * One host with a global prefix, URI versions, a strict ValidationPipe, an interceptor that wraps answers, a guard that
 * refuses all that is not public, and helmet.
 */
export function describeStrictShop(host: Host, platform: Platform): void {
  describe('a strict host', () => {
    let database: TestDatabase;
    let app: RunningApp;

    beforeAll(async () => {
      const apps = await compiledApps(host, 'ESM');
      database = await createTestDatabase();
      await database.query('create table orders (id int primary key, note text)');
      const port = await freePort();
      app = await startApp(apps, 'strict-shop', {
        env: {
          PLATFORM: platform,
          PORT: `${port}`,
          DATABASE_URL: database.url,
          NHOST_BACKEND_URL: `http://127.0.0.1:${port}`,
          NHOST_WEBHOOK_SECRET: SECRET,
        },
      });
    });
    afterAll(async () => {
      await app?.stop();
      await database?.drop();
    });

    const call = (path: string, init: RequestInit = {}) => fetch(`${app.url}${path}`, init);
    const admin = (route: string, init: RequestInit = {}) =>
      call(`/api/admin/event-triggers${route}`, { headers: ADMIN, ...init });
    const arrivals = async () => {
      const answer = await call('/api/v1/arrivals', { headers: TOKEN });
      return ((await answer.json()) as { data: object[] }).data;
    };
    const waitForArrivals = (count: number) =>
      eventually(async () => (await arrivals()).length >= count && (await arrivals()), {
        describe: `${count} events to arrive in the application, by its guarded method and by the receiver`,
      });

    it('is one: it refuses strangers, wraps answers and sends the headers of helmet', async () => {
      const stranger = await call('/api/v1/arrivals');
      const friend = await call('/api/v1/arrivals', { headers: TOKEN });
      expect(stranger.status, 'without a token').toBe(403);
      expect(await friend.json(), 'a wrapped answer').toEqual({ data: [] });
      expect(friend.headers.get('x-dns-prefetch-control'), 'a header of helmet').toBe('off');
    });

    it('takes webhooks by @WebhookSecretGuard and by EventTriggersReceiverModule, whole', async () => {
      await database.query(`insert into orders values (1, 'nobody has whitelisted this')`);
      const row = { id: 1, note: 'nobody has whitelisted this' };
      expect(await waitForArrivals(2)).toEqual(
        expect.arrayContaining([
          { way: 'controller', trigger: 'order_made', new: row },
          { way: 'receiver', trigger: 'order_taken', new: row },
        ]),
      );
    });

    it.each([
      ['@WebhookSecretGuard', '/api/v1/functions/order-made'],
      ['EventTriggersReceiverModule', '/api/hooks'],
    ])('refuses by %s what has not the secret, and wraps no refusal', async (_, path) => {
      const payload = payloadOf({ trigger: 'order_made', new: { id: 1 } });
      const answer = await call(path, signedRequest(payload, { secret: 'another' }));
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
      });
    });

    it('answers 404 by the receiver to what no method is for', async () => {
      const payload = payloadOf({ trigger: 'unknown', new: { id: 1 } });
      const answer = await call('/api/hooks', signedRequest(payload, { secret: SECRET }));
      expect(answer.status).toBe(404);
    });

    it.each([
      ['without the token of the application', {}],
      ['without what its own guard asks for', TOKEN],
    ])('refuses to the admin API and the console %s', async (_, headers) => {
      const statuses = await Promise.all(
        ['', '/api/triggers'].map(async (route) => (await admin(route, { headers })).status),
      );
      expect(statuses).toEqual([403, 403]);
    });

    it('has the admin API under its prefix, outside of its versions, with answers as they are', async () => {
      const list = await admin('/api/triggers');
      expect(list.status).toBe(200);
      expect(await list.json()).toMatchObject({
        triggers: [{ name: 'order_made' }, { name: 'order_taken' }],
      });
      const versioned = await call('/api/v1/admin/event-triggers/api/triggers', { headers: ADMIN });
      expect(versioned.status, 'under a version').toBe(404);
    });

    it('makes and deletes a trigger by the admin API, past the ValidationPipe', async () => {
      const definition = {
        name: 'large_order',
        table: 'orders',
        insert: { where: { column: 'id', operator: '>', value: 1000 } },
        webhook: 'http://127.0.0.1:9/nowhere',
      };
      const made = await admin('/api/triggers', {
        method: 'POST',
        headers: { ...CHANGE, 'content-type': 'application/json' },
        body: JSON.stringify(definition),
      });
      expect(await made.json()).toMatchObject({ name: 'large_order', made: definition });
      expect(made.status).toBe(201);
      const deleted = await admin('/api/triggers/large_order', {
        method: 'DELETE',
        headers: CHANGE,
      });
      expect(deleted.status).toBe(200);
    });

    it('tells of changes as server-sent events', async () => {
      const aborting = new AbortController();
      const answer = await admin('/api/live', { signal: aborting.signal });
      expect(answer.headers.get('content-type')).toContain('text/event-stream');
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      await database.query(`insert into orders values (2, 'live')`);
      let told = '';
      while (!told.includes('changed')) {
        const { value, done } = await reader.read();
        if (done) break;
        told += value;
      }
      aborting.abort();
      expect(told).toContain('changed');
    });

    it('serves the console with its own content security policy instead of that of helmet', async () => {
      const page = await admin('');
      const html = await page.text();
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(page.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; (?!.*upgrade-insecure-requests)/,
      );
      const [, script] = /<script [^>]*src="\.\/([^"]+)"/.exec(html) ?? [];
      const asset = await admin(`/${script}`);
      expect(asset.headers.get('content-type'), `of the script ${script}`).toContain('javascript');
    });

    it.skipIf(chromiumPath === undefined)('shows its triggers in a browser', async () => {
      const browser = await startBrowser();
      try {
        const { page, complaints } = await visit(browser, `${app.url}/api/admin/event-triggers`, {
          extraHTTPHeaders: ADMIN,
        });
        await page.getByText('order_taken').first().waitFor();
        expect(complaints, 'of the browser, such as violations of a policy').toEqual([]);
      } finally {
        await browser.close();
      }
    });
  });
}
