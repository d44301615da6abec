import type { INestApplicationContext } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const keyOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const [OF_MODULE, OF_TRIGGER, FORMER] = [keyOf(1), keyOf(2), keyOf(3)];

describe('a signed webhook', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | undefined;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, note text)');
    vi.stubEnv('ORDERS_SIGNING_KEY', OF_TRIGGER);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await application?.close();
    await receiver.close();
    await database.drop();
  });

  const boot = async (options: object, own: object = {}): Promise<void> => {
    application = await startApplication({
      database,
      eventTriggers: {
        ...options,
        triggers: [
          { name: 'order_created', table: 'orders', insert: true, webhook: receiver.url, ...own },
        ],
      },
    });
  };
  const requestAfterInsert = async (count = 1): Promise<ReceivedRequest> => {
    await database.query(`insert into orders values ($1, 'ä€😀 "quoted"')`, [count]);
    return (await receiver.waitFor(count))[count - 1]!;
  };
  const verified = (key: string, { body, headers }: ReceivedRequest): unknown =>
    new Webhook(key).verify(body, headers as Record<string, string>);

  it('passes the official verifier, at each attempt anew', async () => {
    receiver.respondWith((_, index) => ({ status: index === 0 ? 500 : 200 }));
    await boot({ signingKeys: OF_MODULE });
    const first = await requestAfterInsert();
    const [, second] = await receiver.waitFor(2);

    for (const request of [first, second!]) {
      expect(verified(OF_MODULE, request)).toEqual(payloadIn(request));
      expect(request.headers['webhook-id'], 'the same id').toBe(payloadIn(request).id);
      expect(request.headers['event-triggers-name']).toBe('order_created');
    }
    expect(first.headers['event-triggers-attempt']).toBe('1');
    expect(second!.headers['event-triggers-attempt']).toBe('2');
  });

  it('is signed by both keys while one takes the place of the other', async () => {
    const until = new Date(Date.now() + 60_000);
    await boot({ signingKeys: [OF_MODULE, { key: FORMER, until }] });
    const request = await requestAfterInsert();
    for (const key of [OF_MODULE, FORMER]) verified(key, request);
    expect(() => verified(OF_TRIGGER, request)).toThrow('No matching signature');
  });

  it('is signed by the key of its trigger, which is not stored', async () => {
    await boot({ signingKeys: OF_MODULE }, { signingKeys: '{{ORDERS_SIGNING_KEY}}' });
    const request = await requestAfterInsert();
    verified(OF_TRIGGER, request);
    expect(() => verified(OF_MODULE, request)).toThrow('No matching signature');
    const [row] = await database.query('select definition::text from event_triggers.event_trigger');
    expect(row!['definition']).not.toContain(OF_TRIGGER);
    expect(row!['definition']).toContain('{{ORDERS_SIGNING_KEY}}');
  });

  it('goes out unsigned where no key is given, or the trigger wants none', async () => {
    await boot({ signingKeys: OF_MODULE }, { signingKeys: false });
    const { headers, body } = await requestAfterInsert();
    expect(headers['webhook-signature']).toBeUndefined();
    expect(headers['webhook-id']).toBe((JSON.parse(body) as { id: string }).id);
  });

  it.each([
    [
      'the module has a key that is none',
      { signingKeys: 'secret' },
      {},
      'begins with none of whsec_',
    ],
    [
      'a variable is missing',
      {},
      { signingKeys: '{{NO_SUCH_KEY}}' },
      'needs the environment variable NO_SUCH_KEY',
    ],
    [
      'a key would be stored',
      {},
      { signingKeys: OF_TRIGGER },
      'each key has to be a template, since what stands here is stored',
    ],
    [
      'every key expires',
      { signingKeys: [{ key: OF_MODULE, until: '2030-01-01' }] },
      {},
      'of which one at least has no until',
    ],
  ])('is refused at boot where %s', async (_, options, own, message) => {
    const error = await boot(options, own).then(
      () => null,
      (refusal: Error) => refusal,
    );
    expect(error?.message).toContain(message);
    expect(error?.message, 'a key').not.toContain(OF_TRIGGER.slice('whsec_'.length));
  });
});
