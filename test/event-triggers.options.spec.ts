import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { applicationName } from '../lib/application-name.js';
import { milliseconds, parseDuration } from '../lib/duration.js';
import { InvalidOptionsError } from '../lib/event-triggers.errors.js';
import { validateDefinitions, validateOptions } from '../lib/event-triggers.options.js';
import type { TriggerDefinition } from '../lib/pipeline/attach/trigger-definition.js';
import { resolveRetry } from '../lib/retry.options.js';

const definition = {
  name: 'order-created',
  table: 'orders',
  insert: true,
  webhook: '{{NHOST_BACKEND_URL}}/orders',
} satisfies TriggerDefinition;

/** Options as a JavaScript caller could pass them, past the compiler. */
function problems(options: object): string {
  try {
    validateOptions(options);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.message;
    throw error;
  }
  return '';
}

function problemsOfDefinition(change: object): string {
  return problems({ triggers: [{ ...definition, ...change }] });
}

afterEach(() => vi.unstubAllEnvs());

describe('options', () => {
  it('need nothing but the defaults', () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 's3cret');
    expect(validateOptions()).toEqual({
      triggers: [],
      application: 'nestjs-event-triggers',
      webhookSecrets: ['s3cret'],
      webhookSecretHeader: 'nhost-webhook-secret',
      signingKeys: [],
      destinations: { publicOnly: false, allow: [], requireHttps: false },
      schema: 'event_triggers',
      install: 'apply',
      dispatcher: {
        concurrency: 64,
        batchSize: 500,
        pollInterval: 5,
        leaseSeconds: 15,
        drainSeconds: 10,
        connectTimeout: 5_000,
        listen: true,
        listenUrl: null,
        suspendAfter: null,
        lookEvery: 900_000,
      },
      retry: {},
      breaker: {},
      timeout: 60_000,
      attachTimeout: 60_000,
      deployment: null,
      onDeadLetter: null,
      retention: {
        events: 604_800_000,
        attempts: 604_800_000,
        deadLetters: 2_592_000_000,
        inbox: 2_592_000_000,
        holdAtMost: null,
      },
    });
  });

  it('are taken as given', () => {
    const resolved = validateOptions({
      triggers: [definition],
      application: 'shop',
      webhookSecret: ['new', 'old'],
      schema: 'Ereignisse',
      install: 'verify',
      dispatcher: { pollInterval: '1s' },
      timeout: '15s',
      attachTimeout: '2m',
    });
    expect(resolved).toMatchObject({
      triggers: [definition],
      application: 'shop',
      webhookSecrets: ['new', 'old'],
      schema: 'Ereignisse',
      install: 'verify',
      dispatcher: { pollInterval: 1_000, batchSize: 500 },
      timeout: 15_000,
      attachTimeout: 120_000,
    });
  });

  it('may switch the dispatcher off', () => {
    expect(validateOptions({ dispatcher: false }).dispatcher).toBe(false);
  });

  it('have no secret where neither the option nor the variable is set', () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', '');
    expect(validateOptions().webhookSecrets).toEqual([]);
  });

  it('are refused with every problem in one message', () => {
    const message = problems({
      schema: 'public',
      dispatcher: { batchSize: 0, leaseSeconds: '15' },
      retry: { attempts: 0 },
      triggers: [definition, { ...definition, name: 'a.b', retry: { delay: 'soon' } }],
    });
    expect(message.split('\n')).toEqual([
      'The options of EventTriggersModule cannot be used:',
      expect.stringMatching(
        /^ {2}- triggers\[1\] \("a\.b"\)\.name: must be a name of letters.*it is "a\.b"$/,
      ),
      expect.stringMatching(
        /^ {2}- triggers\[1\] \("a\.b"\)\.retry\.delay: must be a time from 100ms to 30d/,
      ),
      expect.stringMatching(/^ {2}- schema: must be a name/),
      expect.stringMatching(
        /^ {2}- dispatcher\.batchSize: must be a whole number from 1 to 10000; it is 0$/,
      ),
      expect.stringMatching(/^ {2}- dispatcher\.leaseSeconds: must be a whole number of seconds/),
      expect.stringMatching(/^ {2}- retry\.attempts: must be a whole number.*it is 0$/),
    ]);
  });

  it.each([
    [{ dispatchr: false }, 'dispatchr: is not an option; did you mean "dispatcher"?'],
    [{ retry: { atempts: 3 } }, 'retry.atempts: is not an option; did you mean "attempts"?'],
    [
      { dispatcher: { elsewhere: 'x' } },
      'dispatcher.elsewhere: is not an option; known: concurrency, batchSize',
    ],
    [
      { triggers: [{ ...definition, ratelimit: 3 }] },
      'triggers[0] ("order-created").ratelimit: is not an option; did you mean "rateLimit"?',
    ],
    [
      { triggers: [{ ...definition, update: { column: ['a'] } }] },
      'triggers[0] ("order-created").update.column: is not an option; did you mean "columns"?',
    ],
  ])('name an unknown option and the nearest known one: %j', (options, expected) => {
    expect(problems(options)).toContain(expected);
  });

  it.each([
    [{ dispatcher: true }],
    [{ triggers: 'all' }],
    [{ triggers: [null] }],
    [{ webhookSecret: '' }],
    [{ webhookSecret: [] }],
    [{ webhookSecretHeader: 'two words' }],
    [{ schema: 'pg_mine' }],
    [{ schema: 'x'.repeat(64) }],
    [{ install: 'maybe' }],
    [{ timeout: '1h' }],
    [{ timeout: -1 }],
    [{ retry: { delay: '1h', maxDelay: '1m' } }],
    [{ retry: { strategy: 'linear' } }],
    [{ retry: { strategy: [] } }],
    [{ retry: [] }],
  ])('are refused: %j', (options) => {
    expect(problems(options)).toMatch(/cannot be used/);
  });

  it('are refused when they are no object', () => {
    expect(() => validateOptions(null as never)).toThrow(InvalidOptionsError);
  });

  it('never repeat a secret in a message', () => {
    const message = problems({
      webhookSecret: ['s3cret', ''],
      triggers: [{ ...definition, headers: [{ name: 'a', value: 's3cret\n' }] }],
    });
    expect(message).toContain('webhookSecret: must be');
    expect(message).toContain('headers[0] ("a").value: must be printable ASCII');
    expect(message).not.toContain('s3cret');
  });
});

describe('a definition', () => {
  it('may use everything there is', () => {
    class Order {}
    expect(
      problemsOfDefinition({
        formerly: ['old-name'],
        table: Order,
        insert: { payload: ['id'], when: 'new.total > 100' },
        update: { columns: ['total'], payload: ['id'], when: 'true', unchanged: false },
        delete: { when: 'old.total > 100' },
        truncate: true,
        manual: true,
        headers: [
          { name: 'a', value: '' },
          { name: 'b', valueFromEnv: 'B' },
        ],
        sendSecret: false,
        retry: { attempts: 3, strategy: ['1s', 2_000], maxAge: '7d', jitter: false },
        timeout: '5s',
        replication: true,
        startFrom: new Date(),
        enabled: false,
      }),
    ).toBe('');
  });

  it.each([
    [{ name: undefined }],
    [{ name: '1st' }],
    [{ name: 'x'.repeat(64) }],
    [{ table: '' }],
    [{ table: { name: 'a', schema: 'b', catalog: 'c' } }],
    [{ table: { schema: 'b' } }],
    [{ table: 'a\0b' }],
    [{ insert: false }],
    [{ insert: 'yes' }],
    [{ insert: { columns: ['a'] } }],
    [{ insert: { payload: [] } }],
    [{ insert: { payload: 'id' } }],
    [{ insert: { when: ' ' } }],
    [{ insert: { when: '\ud800' } }],
    [{ truncate: {} }],
    [{ webhook: '' }],
    [{ headers: [{ name: 'a' }] }],
    [{ headers: [{ name: 'a', value: 'b', valueFromEnv: 'C' }] }],
    [{ headers: [{ name: 'a b', value: 'b' }] }],
    [{ headers: { a: 'b' } }],
    [{ timeout: '1ms' }],
    [{ startFrom: 'yesterday' }],
    [{ startFrom: new Date(Number.NaN) }],
    // a time as a number would be a time of more than fifty years
    [{ startFrom: Date.now() }],
    [{ enabled: 'no' }],
  ])('is refused with %j', (change) => {
    expect(problemsOfDefinition(change)).toContain('triggers[0]');
  });

  it('of a feature module is held to the same rules', () => {
    expect(() =>
      validateDefinitions('A definition of forFeature', [{ ...definition, name: '' }]),
    ).toThrow(/A definition of forFeature cannot be used:\n {2}- \[0\] \(""\)\.name: must be/);
  });
});

describe('a retry policy', () => {
  it('gives up after more than a day by default', () => {
    expect(resolveRetry()).toEqual({
      attempts: 16,
      strategy: 'exponential',
      delay: 10_000,
      maxDelay: 21_600_000,
      maxAge: null,
      jitter: true,
    });
  });

  it('takes from the module what the trigger leaves open', () => {
    const module = { attempts: 5, delay: '1m', maxAge: '1d', jitter: false } as const;
    expect(resolveRetry({ delay: '2s' }, module)).toEqual({
      attempts: 5,
      strategy: 'exponential',
      delay: 2_000,
      maxDelay: 21_600_000,
      maxAge: 86_400_000,
      jitter: false,
    });
  });

  it('has one attempt more than the delays that it lists', () => {
    const listed = resolveRetry({ strategy: ['5s', '5m'] }, { attempts: 9 });
    expect(listed).toMatchObject({ attempts: 3, strategy: [5_000, 300_000], maxDelay: 300_000 });
  });

  it('lets the longest delay follow a longer first one', () => {
    expect(resolveRetry({ delay: '12h' }).maxDelay).toBe(milliseconds('12h'));
  });
});

describe('a duration', () => {
  it.each([
    [250, 250],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['10', undefined],
    ['1 h', undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [undefined, undefined],
  ])('%j is %j milliseconds', (duration, expected) => {
    expect(parseDuration(duration)).toBe(expected);
  });
});

describe('the application', () => {
  async function hostWith(files: Record<string, string>): Promise<string> {
    const host = await mkdtemp(join(tmpdir(), 'event-triggers-host-'));
    onTestFinished(() => rm(host, { recursive: true }));
    for (const [file, text] of Object.entries(files)) {
      await mkdir(join(host, file, '..'), { recursive: true });
      await writeFile(join(host, file), text);
    }
    return host;
  }

  it('is named after the package of the program, above nameless package.json files', async () => {
    const host = await hostWith({
      'package.json': '{ "name": "@shop/orders" }',
      'dist/package.json': '{ "type": "module" }',
    });
    expect(applicationName(join(host, 'dist/main.js'), '/')).toBe('@shop/orders');
  });

  it('is named after the working directory when a tool runs it', async () => {
    const host = await hostWith({
      'package.json': '{ "name": "shop" }',
      'node_modules/runner/package.json': '{ "name": "runner" }',
    });
    expect(applicationName(join(host, 'node_modules/runner/bin.js'), host)).toBe('shop');
  });

  it('has to be given where no package has a name', async () => {
    const host = await hostWith({ 'package.json': 'not json' });
    expect(applicationName(join(host, 'main.js'), host)).toBeUndefined();
  });
});
