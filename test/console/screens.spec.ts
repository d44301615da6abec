import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAdministered, type AdministeredApp } from '../admin/administered-app.js';
import { buildLibrary } from '../support/built-library.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { chromiumPath, startBrowser } from './browser.js';
import { visit } from './console-visit.js';

/** A telephone, half a screen, a screen. */
const WIDTHS = [380, 900, 1440];
const HEIGHT = 900;
/** With it the pictures beside this file are taken anew. */
const takesPictures = process.env['CONSOLE_SCREENSHOTS'] === '1';
/** Each screen is looked at in six ways. */
const ALL_SCREENS = 120_000;

const SCREENS = {
  triggers: '#/triggers',
  trigger: '#/triggers/to_ledger',
  form: '#/triggers/large_order/edit',
  events: '#/events',
  event: '#/events/EVENT',
  'dead-letters': '#/dead-letters',
  replay: '#/replay?trigger=to_ledger',
  nothing: '#/nowhere',
} as const;
/** Kept in the repository, where each weighs less than 60 KB. */
const PICTURES = [
  'triggers-380',
  'triggers-900',
  'triggers-1440',
  'trigger-900',
  'events-900',
  'event-900',
  'event-380',
  'form-380',
];
const PICTURE_HEIGHT = 460;

describe.skipIf(chromiumPath === undefined)('the screens of the console', () => {
  let browser: Browser;
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let host: AdministeredApp;
  let deadEvent: string;

  beforeAll(async () => {
    await buildLibrary();
    browser = await startBrowser();
    receiver = await startFakeReceiver({
      respond: ({ path }) =>
        path === '/ledger' ? { status: 503, body: 'The ledger is closed' } : { status: 200 },
    });
    database = await createTestDatabase();
    await database.query('create table orders (id bigint primary key, status text, total numeric)');
    host = await startAdministered({
      database,
      admin: { console: true },
      eventTriggers: {
        retry: { attempts: 2, strategy: 'fixed', delay: '100ms' },
        triggers: [
          { name: 'order_made', table: 'orders', insert: true, webhook: receiver.url },
          {
            name: 'to_ledger',
            table: 'orders',
            update: { columns: ['status'] },
            webhook: `${receiver.url}/ledger`,
          },
        ],
      },
    });
    await fill();
  });
  afterAll(async () => {
    await browser.close();
    await host.close();
    await receiver.close();
    await database.drop();
  });

  /** Something to see on each screen: what was delivered, what waits, what was given up. */
  async function fill(): Promise<void> {
    await host.call('POST', 'triggers', {
      name: 'large_order',
      table: 'orders',
      insert: {
        where: {
          and: [
            { column: 'total', operator: '>=', value: 1000 },
            { not: { column: 'status', operator: 'in', value: ['draft', 'gone'] } },
          ],
        },
      },
      manual: true,
      headers: [{ name: 'authorization', value: 'secret' }],
      webhook: receiver.url,
    });
    await database.query(
      `insert into orders select n, 'new', n * 250 from generate_series(1, 12) n`,
    );
    await database.query(`update orders set status = 'paid' where id <= 3`);
    deadEvent = await eventually(
      async () => {
        const { body } = await host.call('GET', 'events?state=dead&trigger=to_ledger');
        const events = body['events'] as { id: string }[];
        return events.length === 3 && events[0]!.id;
      },
      { describe: 'three dead letters' },
    );
    await host.call('POST', 'triggers/large_order/pause', {});
    await database.query(`insert into orders values (9007199254740993, 'new', 12345678.90)`);
  }

  it.each(['light', 'dark'] as const)(
    'fit every width and are readable for everybody, %s',
    async (colorScheme) => {
      const wrong: string[] = [];
      for (const width of WIDTHS) {
        const { page, close } = await visit(browser, host.url, {
          colorScheme,
          viewport: { width, height: HEIGHT },
        });
        for (const [name, address] of Object.entries(SCREENS)) {
          await page.goto(`${host.url}${address.replace('EVENT', deadEvent)}`);
          await page.getByRole('main').getByText(/\S/).first().waitFor();
          await page.waitForLoadState('networkidle').catch(() => undefined);
          wrong.push(...(await faultsOf(page)).map((fault) => `${name} at ${width}: ${fault}`));
          if (takesPictures && PICTURES.includes(`${name}-${width}`)) {
            const file = `./screenshots/${name}-${width}-${colorScheme}.png`;
            await page.screenshot({
              path: fileURLToPath(new URL(file, import.meta.url)),
              clip: { x: 0, y: 0, width, height: PICTURE_HEIGHT },
            });
          }
        }
        await close();
      }
      expect(wrong).toEqual([]);
    },
    ALL_SCREENS,
  );

  it('keep dialogs readable as well', async () => {
    const { page, close } = await visit(browser, `${host.url}#/triggers/large_order`, {
      colorScheme: 'dark',
    });
    for (const name of ['Send test event', 'Purge', 'Delete', 'Help on the keyboard']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('dialog').waitFor();
      expect(await faultsOf(page), `dialog of ${name}`).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await close();
  });
});

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe calls serious or critical, and whether the page is wider than its window. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axe, 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  const faults = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} (${nodes.map(({ target }) => target.join(' ')).join(', ')})`);
  const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  return Number(overflow) > 0 ? [...faults, `${String(overflow)} pixels too wide`] : faults;
}
