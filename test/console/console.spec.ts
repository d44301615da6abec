import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAdministered, type AdministeredApp } from '../admin/administered-app.js';
import { buildLibrary } from '../support/built-library.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { ADAPTERS } from '../webhook/running-app.js';
import { chromiumPath, startBrowser } from './browser.js';
import { visit, type ConsoleVisit } from './console-visit.js';

/** A whole journey, each step of which waits for a delivery or a look of the page. */
const JOURNEY = 90_000;

describe.skipIf(chromiumPath === undefined).each(ADAPTERS)('the page on %s', (name, adapter) => {
  it('is found under a prefix, and its links lead to itself in another tab too', async () => {
    await buildLibrary();
    const browser = await startBrowser();
    const database = await createTestDatabase();
    const host = await startAdministered({
      database,
      adapter: adapter(),
      admin: { console: true },
      prefix: '/internal',
      configure: (app) => app.setGlobalPrefix('internal'),
    });
    // Fastify has no path with a slash at the end unless the host says so.
    const ends = ['', '?from=a-link', '#/triggers', ...(name === 'Express' ? ['/'] : [])];
    for (const end of ends) {
      const { page, complaints, close } = await visit(browser, host.url + end);
      await page.getByText('No triggers yet').waitFor();
      const link = page.getByRole('link', { name: 'Replay' });
      expect(
        await link.evaluate((element) => (element as unknown as { href: string }).href),
        'for a tab of its own',
      ).toBe(`${host.url}${end.startsWith('#') ? '' : end}#/replay`);
      await link.click();
      await page.getByRole('heading', { name: 'Replay' }).waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      expect(complaints).toEqual([]);
      await close();
    }
    await browser.close();
    await host.close();
    await database.drop();
  });
});

describe.skipIf(chromiumPath === undefined)('the console in a browser', () => {
  let browser: Browser;
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let host: AdministeredApp;
  let visitor: ConsoleVisit;
  let page: Page;

  beforeAll(async () => {
    await buildLibrary();
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id bigint primary key, status text, total numeric)');
    host = await startAdministered({
      database,
      admin: { console: true },
      eventTriggers: {
        triggers: [{ name: 'of_code', table: 'orders', delete: true, webhook: receiver.url }],
      },
    });
    visitor = await visit(browser, host.url);
    page = visitor.page;
  });
  afterEach(async () => {
    await visitor.close();
    await host.close();
    await receiver.close();
    await database.drop();
  });

  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const screen = (name: string) => page.getByRole('navigation').getByRole('link', { name });
  const seen = (text: string | RegExp): Promise<void> =>
    page.getByRole('main').getByText(text).filter({ visible: true }).first().waitFor();
  const field = (name: string) => page.getByLabel(name, { exact: true });
  /** In the first column of a list of events. */
  const listed = (state: string | RegExp): Promise<void> =>
    page.getByRole('cell', { name: state }).first().waitFor();
  const dialog = () => page.getByRole('dialog');

  async function makeTrigger(): Promise<void> {
    await page.getByRole('link', { name: 'New trigger' }).click();
    await field('Name').fill('large_order');
    await field('Table').selectOption('orders');
    await page.getByLabel('Insert').check();
    await button('Condition on inserts').click();
    await page.getByLabel('Comparison 1: column').selectOption('total');
    await page.getByLabel('Comparison 1: operator').selectOption('>=');
    await page.getByLabel('Comparison 1: value').fill('1000');
    await page.getByLabel('Manual').check();
    await field('Webhook').fill(receiver.url);
    await field('Attempts in all').fill('2');
    await field('Delay between attempts').selectOption('fixed');
    await field('First delay').fill('2s');
    await button('Preview SQL').click();
    await seen(/create .*trigger/is);
    await button('Create trigger').click();
    await page.getByRole('heading', { name: 'large_order' }).waitFor();
  }

  it(
    'makes a trigger, shows its deliveries and failures as they happen, and sends again',
    async () => {
      await makeTrigger();
      await seen('No events yet');

      await database.query(`insert into orders values (1, 'small', 999), (2, 'new', 1000)`);
      await listed('Delivered');
      expect(receiver.requests.length, 'requests for what the condition says').toBe(1);

      receiver.respondWith({ status: 503, body: 'closed for lunch' });
      await database.query(`insert into orders values (9007199254740993, 'new', 1000.10)`);
      await listed('Retrying');
      await listed(/ in \d s$| due now$/);
      await listed('Dead');
      await page.getByRole('link', { name: '9007199254740993' }).click();
      await seen('closed for lunch');
      await seen('The receiver failed. Its log says why.');
      await seen('"9007199254740993"');
      await seen('Attempt 1');

      receiver.respondWith({ status: 200 });
      await screen('Dead letters').click();
      await seen('The receiver answered 503');
      await button('Redeliver all').click();
      await dialog().getByText('1 event would be sent again.').waitFor();
      await button('Redeliver 1').click();
      await dialog().getByText('Done; 1 event handed over').waitFor();
      await dialog().getByRole('button', { name: 'Close' }).click();
      await seen('No dead letters');

      await replayAll();
      expect(visitor.complaints).toEqual([]);
      expect(visitor.strayRequests).toEqual([]);
    },
    JOURNEY,
  );

  async function replayAll(): Promise<void> {
    await eventually(() => receiver.requests.length === 4, {
      describe: 'the request of the dead letter',
    });
    await screen('Replay').click();
    await field('Trigger').selectOption('large_order');
    await button('Count').click();
    await seen('2 events would be sent again.');
    await button('Replay 2').click();
    await seen('Done; 2 events handed over and being sent');
    await receiver.waitFor(6);
    const marks = receiver.requests.slice(4).map(({ headers }) => headers);
    expect(marks.map((headers) => headers['event-triggers-redelivery'])).toEqual(['true', 'true']);
  }

  it(
    'pauses, resumes, invokes, purges, changes and deletes a trigger that was made in it',
    async () => {
      await makeTrigger();
      await button('Pause').first().click();
      await seen('Paused');
      await database.query(`insert into orders values (1, 'new', 1000), (2, 'new', 1000)`);

      await button('Purge').click();
      await dialog().getByText('2 events that wait').waitFor();
      expect(await button('Give up').isDisabled(), 'before the number is typed').toBe(true);
      await dialog().getByLabel('Type 2 to confirm').fill('2');
      await button('Give up').click();
      await page.getByText('2 events of large_order given up').waitFor();
      await button('Resume').click();
      await seen('Healthy');

      await button('Send test event').click();
      await dialog().getByLabel('Payload').fill('{ "hello": "there" }');
      await dialog().getByRole('button', { name: 'Send' }).click();
      await page.getByRole('heading', { name: /MANUAL/ }).waitFor();
      await page.getByRole('main').getByText('Delivered', { exact: true }).waitFor();
      expect(receiver.requests.map(({ body }) => body)).toEqual([
        expect.stringContaining('"hello":'),
      ]);

      await page.goto(`${host.url}#/triggers/large_order/edit`);
      await field('Timeout of an attempt').fill('soon');
      await button('Save changes').click();
      await seen(/Write a time with its unit/);
      await field('Timeout of an attempt').fill('5s');
      await button('Save changes').click();
      await seen('"5s"');

      await button('Delete').click();
      await dialog()
        .getByLabel(/Give it up/)
        .check();
      await button('Delete trigger').click();
      await page.getByText('large_order was deleted').waitFor();
      expect(visitor.complaints).toEqual([]);
    },
    JOURNEY,
  );

  it('shows what is owned by code, and does not offer to change it', async () => {
    await page.getByRole('link', { name: 'of_code' }).click();
    await seen(/It stands in the code of the application/);
    expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0);
    await page.goto(`${host.url}#/triggers/of_code/edit`);
    await seen('It is defined in the code of the application');
  });

  it('says what the server says where something is refused', async () => {
    await page.goto(`${host.url}#/triggers/new`);
    await field('Name').fill('of_code');
    await field('Table').selectOption('orders');
    await page.getByLabel('Insert').check();
    await field('Webhook').fill(receiver.url);
    await button('Create trigger').click();
    await seen('ET_TRIGGER_EXISTS');
    await seen('Choose another name');
    await page.goto(`${host.url}#/events/no-event`);
    expect(await page.getByRole('alert').innerText()).toContain('no-event');
  });

  it('finds events by state and key, in an address that can be sent to somebody', async () => {
    await database.query(`insert into orders values (1, 'a', 1), (2, 'b', 2)`);
    await database.query('delete from orders');
    await screen('Events').click();
    await page.getByRole('row', { name: /Delivered of_code 2/ }).waitFor();
    await field('Key').fill('1');
    await field('Key').press('Enter');
    await page.getByRole('checkbox', { name: 'Delivered' }).check();
    await eventually(async () => (await page.getByRole('row').count()) === 2, {
      describe: 'the row of the one event, below the heading',
    });
    const other = await visit(browser, page.url());
    await other.page.getByRole('row', { name: /of_code 1/ }).waitFor();
    expect(await other.page.getByRole('row').count()).toBe(2);
    await other.close();
  });

  it('finds events by what is in their rows, and says what is wrong with a path', async () => {
    await database.query(`insert into orders values (1, 'a', 1), (2, 'b', 200)`);
    await database.query('delete from orders');
    await screen('Events').click();
    await field('Row (JSON path)').fill('$.old ? (@.total > 100)');
    await field('Row (JSON path)').press('Enter');
    await eventually(async () => (await page.getByRole('row').count()) === 2, {
      describe: 'the row of the one event, below the heading',
    });
    await field('Row (JSON path)').fill('$.old ? (');
    await field('Row (JSON path)').press('Enter');
    expect(await page.getByRole('alert').innerText()).toContain('ET_INVALID_FILTER');
  });

  it('ends a redelivery when it is told to, and says how far it came', async () => {
    await database.query(`insert into orders select n, 'a', n from generate_series(1, 30) n`);
    await database.query('delete from orders');
    await receiver.waitFor(30);
    await page.goto(`${host.url}#/replay?trigger=of_code`);
    await button('Count').click();
    await seen('30 events would be sent again.');
    await field('Events a second').fill('5');
    await button('Replay 30').click();
    await seen(/^\d+ of 30 handed over$/);
    await button('Stop').click();
    await seen(/^Cancelled; \d+ events handed over and being sent$/);
    const sent = receiver.requests.length;
    expect(sent, 'requests, 30 of them the first time').toBeLessThan(60);
  });

  it('sends a form by Enter, and leads to what is wrong in it', async () => {
    await page.getByRole('link', { name: 'New trigger' }).click();
    await field('Name').fill('large order');
    await field('Name').press('Enter');
    const alert = page.getByRole('alert').getByText(/Not saved yet/);
    await alert.waitFor();
    const focused = await eventually(() => page.evaluate('document.activeElement.name'), {
      describe: 'the focus in a field',
    });
    expect(focused, 'the first field that is wrong').toBe('name');
  });

  it('can be used with the keyboard alone', async () => {
    await page.getByRole('heading', { name: 'Triggers' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('nothing');
    await seen('No trigger matches');
    await page.keyboard.press('Tab');
    await page.keyboard.press('?');
    await dialog().getByText('Go to the filter').waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  it('looks by itself where the stream of changes does not come through', async () => {
    await page.route('**/api/live', (route) => route.abort());
    await page.goto(`${host.url}#/events`);
    await page.reload();
    await page.getByText('Every 5 s').waitFor();
    await database.query(`insert into orders values (1, 'a', 1)`);
    await database.query('delete from orders');
    await listed('Delivered');
    expect(await page.getByText('Every 5 s').count(), 'what it says of itself').toBe(1);
  });
});
