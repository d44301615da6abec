import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import {
  drain,
  expectEvent,
  startFakeReceiver,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApplication } from '../../support/application.js';
import { payloadIn } from '../../support/payload.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { buildLibrary } from '../../support/built-library.js';
import { eventTriggers } from '../support/command-line.js';
import { createHasuraLog, owedByHasura, writeHasuraEvents } from './hasura-log.js';
import { everything, folderOf } from './metadata-folder.js';

interface Result {
  source: string;
  triggers: { name: string; notes: string[]; requestTransform?: string }[];
  stored?: { name: string; state: string; reason?: string }[];
  carried?: { name: string; carried: number; problem?: string }[];
  file?: string;
}

beforeAll(buildLibrary);

describe('event-triggers import-hasura', () => {
  it('tells what becomes of each trigger, and asks no database', async () => {
    const { code, stdout, stderr } = await eventTriggers(['import-hasura', everything]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('5 event triggers of the database "default":');
    expect(stdout).toContain(
      [
        '  insert; by hand',
        '  to {{NHOST_FUNCTIONS_URL}}/events/order-created  with nhost-webhook-secret',
        '  4 attempts, 10s apart, 60s each',
      ].join('\n'),
    );
    expect(stdout).toContain('  insert; update of status, total with id, status; delete with id\n');
    expect(stdout).toMatch(/^- While both deliver, receivers get each change twice/m);
  });

  it('tells the same as JSON', async () => {
    const { stdout } = await eventTriggers(['import-hasura', everything, '--json']);

    const { source, triggers } = JSON.parse(stdout) as Result;
    expect(source).toBe('default');
    expect(triggers[2]).toMatchObject({
      name: 'invoice_chat',
      line: 5,
      definition: { table: { schema: 'shop', name: 'invoices' } },
      requestTransform: expect.stringContaining('{{$body.event.data.new.number}}') as unknown,
    });
  });

  it('writes a file of definitions, and over another one only if that was confirmed', async () => {
    const out = join(await folderOf({}), 'triggers.ts');

    const { code, stdout } = await eventTriggers(['import-hasura', everything, '--out', out]);
    expect(code).toBe(0);
    expect(stdout).toContain(`The definitions are in ${out}.\n`);
    expect(await readFile(out, 'utf8')).toContain('export const orderCreated = defineTrigger({');

    await writeFile(out, 'mine');
    const again = await eventTriggers(['import-hasura', everything, '--out', out]);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ET_NOT_CONFIRMED') as unknown,
    });
    expect(await readFile(out, 'utf8')).toBe('mine');
    expect((await eventTriggers(['import-hasura', everything, '--out', 'triggers.js'])).code).toBe(
      2,
    );
  });

  it('ends with the line of metadata that it cannot use', async () => {
    const folder = await folderOf({
      'tables.yaml': '- table: orders\n  event_triggers:\n  - name: a\n    definition: {}\n',
    });

    const { code, stderr } = await eventTriggers(['import-hasura', folder]);

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /error ET_INVALID_METADATA: .*tables\.yaml:3: neither webhook nor webhook_from_env is given\n {2}Fix: /,
    );
  });
});

describe('event-triggers import-hasura, in a database', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    vi.stubEnv('NHOST_FUNCTIONS_URL', receiver.url);
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'top-secret');
    vi.stubEnv('WAREHOUSE_HOOK', `${receiver.url}/warehouse`);
    database = await createTestDatabase();
    await database.query(`
      create table orders (id int primary key, status text, total numeric);
      create schema shop;
      create table shop.invoices (number int primary key)`);
    application = await startApplication({ database });
  });
  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });
  afterAll(() => vi.unstubAllEnvs());

  const run = async (...parameters: string[]) => {
    const { code, stdout, stderr } = await eventTriggers(
      ['import-hasura', everything, '--json', '--yes', ...parameters],
      { url: database.url },
    );
    if (stdout === '') throw new Error(`import-hasura ended with ${code}: ${stderr}`);
    return { code, ...(JSON.parse(stdout) as Result) };
  };

  it('makes triggers that deliver as Hasura did', async () => {
    const { code, stored } = await run('--store');

    expect(stored).toEqual([
      { name: 'order_created', state: 'made' },
      { name: 'order-changed', state: 'made' },
      {
        name: 'invoice_chat',
        state: 'left out',
        reason: expect.stringContaining('request_transform') as unknown,
      },
      { name: 'payment_receipt', state: 'left out', reason: expect.any(String) as unknown },
      {
        name: 'payment_path',
        state: 'refused',
        reason: expect.stringContaining('the table shop.payments does not exist') as unknown,
      },
    ]);
    expect(code, 'since some of them were not made').toBe(1);

    await database.query(`insert into orders values (1, 'new', 10.50)`);
    await database.query(`update orders set total = 10.5`);
    await database.query(`update orders set status = 'paid'`);
    await expectEvent(receiver, { trigger: 'order_created', new: { id: 1 } });
    const changed = await expectEvent(receiver, { trigger: 'order-changed', op: 'UPDATE' });
    await drain(application);

    expect(changed.event.data).toEqual({
      old: { id: 1, status: 'new' },
      new: { id: 1, status: 'paid' },
    });
    const [created] = receiver.requests.filter(({ path }) => path.endsWith('order-created'));
    expect(created!.headers).toMatchObject({ 'nhost-webhook-secret': 'top-secret' });
    expect(payloadIn(created!).delivery_info).toEqual({ current_retry: 0, max_retries: 3 });
    const warehouse = receiver.requests.filter(({ path }) => path.endsWith('/warehouse'));
    expect(warehouse.map((request) => payloadIn(request).event.op)).toEqual(['INSERT', 'UPDATE']);
    expect(warehouse[0]!.headers).toMatchObject({ 'x-source': 'orders', 'x-attempt': '7' });
    expect(warehouse[0]!.headers['nhost-webhook-secret']).toBeUndefined();

    const again = await run('--store');
    expect(again.stored!.map(({ state }) => state).slice(0, 2)).toEqual(['there', 'there']);
  });

  it('delivers from here what waits in Hasura', async () => {
    await createHasuraLog(database);
    await writeHasuraEvents(
      database,
      { id: '1', trigger: 'order_created' },
      { id: '2', trigger: 'order_created', delivered: true },
      { id: '3', trigger: 'order-changed' },
      { id: '4', trigger: 'invoice_chat' },
    );

    const { carried } = await run('--store', '--carry-over');
    await drain(application);

    expect(carried).toMatchObject([
      { name: 'order_created', carried: 1 },
      { name: 'order-changed', carried: 1 },
      {
        name: 'invoice_chat',
        carried: 0,
        problem: expect.stringContaining('has no event trigger "invoice_chat" yet') as unknown,
      },
      { name: 'payment_receipt', carried: 0 },
      { name: 'payment_path', carried: 0 },
    ]);
    const seen = receiver.requests.map((request) => payloadIn<{ id: number }>(request));
    expect(
      Object.fromEntries(seen.map(({ trigger, event }) => [trigger.name, event.data.new!.id])),
    ).toEqual({ order_created: 1, 'order-changed': 3 });
    expect(seen).toHaveLength(2);
    expect(await owedByHasura(database), "which is still Hasura's to deliver").toEqual(['4']);
  });

  it('changes nothing that was not confirmed', async () => {
    const { code, stderr } = await eventTriggers(['import-hasura', everything, '--store'], {
      url: database.url,
    });

    expect(code).toBe(1);
    expect(stderr).toContain('In application "test": make 3 triggers: that was not confirmed');
    expect(await database.query('select name from event_triggers.event_trigger')).toEqual([]);
  });
});
