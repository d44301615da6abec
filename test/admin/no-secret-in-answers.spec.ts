import fc from 'fast-check';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startAdministered, type AdministeredApp } from './administered-app.js';

const RUNS = 150;
const SECRETS = {
  webhookSecret: 'secret-of-the-module',
  signingKey: `whsec_${Buffer.from('secret-to-sign-with'.padEnd(32)).toString('base64')}`,
  variable: 'secret-in-a-variable',
  header: 'secret-in-a-header',
};

describe('no answer of the admin API', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let host: AdministeredApp;

  beforeAll(async () => {
    process.env['ET_TEST_SECRET'] = SECRETS.variable;
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    host = await startAdministered({
      database,
      eventTriggers: {
        webhookSecret: SECRETS.webhookSecret,
        signingKeys: SECRETS.signingKey,
        triggers: [
          {
            name: 'of_code',
            table: 'orders',
            insert: true,
            manual: true,
            webhook: receiver.url,
            headers: [
              { name: 'x-variable', valueFromEnv: 'ET_TEST_SECRET' },
              { name: 'x-template', value: 'Bearer {{ET_TEST_SECRET}}' },
              { name: 'x-literal', value: SECRETS.header },
            ],
          },
        ],
      },
    });
    await host.call('POST', 'triggers', definition('made'));
    receiver.respondWith([{ status: 503 }, { status: 200 }]);
    await database.query('insert into orders values (1)');
    await drain(host.app);
  });
  afterAll(async () => {
    delete process.env['ET_TEST_SECRET'];
    await host.close();
    await receiver.close();
    await database.drop();
  });

  const definition = (name: string) => ({
    name,
    table: 'orders',
    insert: true,
    webhook: `${receiver.url}?of={{ET_TEST_SECRET}}`,
    sendSecret: true,
    headers: [
      { name: 'x-literal', value: SECRETS.header },
      { name: 'x-variable', valueFromEnv: 'ET_TEST_SECRET' },
    ],
  });

  const names = fc.constantFrom('made', 'of_code', 'another', 'no such');
  /** A definition, or what somebody took for one. */
  const definitions = fc
    .record({
      name: names,
      part: fc.constantFrom('', 'webhook', 'headers', 'table', 'retry', 'timeout', 'signingKeys'),
      value: fc.oneof(
        fc.constant(null),
        fc.constantFrom(SECRETS.header, `${SECRETS.header}\n`, 7, true),
        fc.constant([{ name: 'bad name', value: SECRETS.header }]),
        fc.constant([{ name: 'x', value: `${SECRETS.header}\u0000` }]),
        fc.constant([{ name: 'x', value: SECRETS.header, more: 1 }]),
        fc.constant([{ name: 'x', isHidden: true }]),
      ),
    })
    // What stands in a URL or a name is no secret to whoever wrote it there.
    .filter(({ part, value }) => !/header/.test(JSON.stringify(value)) || part === 'headers')
    .map(({ name, part, value }) => ({
      ...definition(name),
      ...(part !== '' && { [part]: value }),
    }));
  const requests: fc.Arbitrary<readonly [string, string, unknown?]> = fc.oneof(
    fc.constantFrom(
      ['GET', 'triggers'] as const,
      ['GET', 'events'] as const,
      ['GET', 'dead-letters'] as const,
      ['GET', 'statistics'] as const,
      ['GET', 'tables'] as const,
      ['GET', 'tables/public/orders'] as const,
    ),
    names.map((name) => ['GET', `triggers/${name}`] as const),
    definitions.map((body) => ['POST', 'triggers', body] as const),
    definitions.map((body) => ['POST', 'triggers/preview', body] as const),
    fc
      .tuple(names, definitions)
      .map(([name, body]) => ['PATCH', `triggers/${name}`, body] as const),
    names.map((name) => ['DELETE', `triggers/${name}`] as const),
    fc
      .tuple(names, fc.constantFrom('pause', 'resume', 'purge', 'invoke'))
      .map(([name, what]) => ['POST', `triggers/${name}/${what}`, {}] as const),
    fc.boolean().map((dryRun) => ['POST', 'redeliveries', { dryRun }] as const),
  );

  it('holds a secret of the module, of a variable or of a header, whatever is asked', async () => {
    const seed = Number(process.env['EVENT_TRIGGERS_SEED'] ?? Date.now() % 2 ** 31);
    await fc.assert(
      fc.asyncProperty(requests, async ([method, route, body]) => {
        const { status, text } = await host.call(method, route, body);
        expect(status, `${method} ${route}: ${text}`).toBeLessThan(500);
        const events = /"id":"([0-9a-f-]{36})"/.exec(text);
        const details =
          events === null ? '' : (await host.call('GET', `events/${events[1]!}`)).text;
        for (const [name, secret] of Object.entries(SECRETS))
          expect(text + details, `${name} in the answer to ${method} ${route}`).not.toContain(
            secret,
          );
      }),
      { numRuns: RUNS, seed },
    );
  }, 120_000);
});
