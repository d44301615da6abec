import { describe, expect, it } from 'vitest';
import { readHasuraMetadata } from '../../../lib/cli/hasura/hasura-metadata.js';
import { importTriggers, type ImportedTrigger } from '../../../lib/cli/hasura/imported-trigger.js';
import { parseMetadata } from '../../../lib/cli/hasura/metadata-document.js';
import { everything } from './metadata-folder.js';

/** What each definition says beside what its trigger does. */
const asHasura = {
  sendSecret: false,
  statuses: { '410': 'retry', '413': 'retry' },
  breaker: false,
};

function imported(yaml: string): ImportedTrigger {
  const content = parseMetadata(
    `name: order_created\ndefinition: { insert: { columns: '*' } }\n${yaml}`,
    'orders.yaml',
  );
  return importTriggers([{ table: { schema: 'public', name: 'orders' }, content }])[0]!;
}

describe('an event trigger of Hasura', () => {
  it('becomes a definition with all that Hasura does by default', async () => {
    const { triggers } = await readHasuraMetadata(everything);
    const [created, changed, chat] = importTriggers(triggers);

    expect(created!.definition).toEqual({
      name: 'order_created',
      table: 'orders',
      insert: true,
      manual: true,
      webhook: '{{NHOST_FUNCTIONS_URL}}/events/order-created',
      headers: [{ name: 'nhost-webhook-secret', valueFromEnv: 'NHOST_WEBHOOK_SECRET' }],
      retry: { attempts: 4, strategy: 'fixed', delay: '10s', jitter: false },
      timeout: '60s',
      ...asHasura,
    });
    expect(changed!.definition).toEqual({
      name: 'order-changed',
      table: 'orders',
      insert: true,
      update: { columns: ['status', 'total'], payload: ['id', 'status'] },
      delete: { payload: ['id'] },
      replication: true,
      webhook: '{{WAREHOUSE_HOOK}}',
      headers: [
        { name: 'x-source', value: 'orders' },
        { name: 'x-attempt', value: '7' },
      ],
      retry: { attempts: 1, strategy: 'fixed', delay: '100ms', jitter: false },
      timeout: '1800s',
      ...asHasura,
    });
    expect(chat!.definition).toMatchObject({
      table: { schema: 'shop', name: 'invoices' },
      insert: true,
      update: true,
      retry: { attempts: 6, delay: '30s' },
      timeout: '60s',
    });
  });

  it('is attempted once where it says nothing of retries', () => {
    const { definition, notes } = imported('webhook: https://example.com');

    expect(definition.retry).toEqual({
      attempts: 1,
      strategy: 'fixed',
      delay: '10s',
      jitter: false,
    });
    expect(notes.join('\n')).toContain('It is attempted once, as in Hasura.');
  });

  it('tells of each field that becomes no option', async () => {
    const { triggers } = await readHasuraMetadata(everything);
    const [created, changed, chat] = importTriggers(triggers).map(({ notes }) => notes.join('\n'));

    expect(created).toContain('"sendSecret: true" sends');
    for (const told of [
      'insert.columns is left out: in Hasura it has no effect',
      'retry_conf.interval_sec is 0 and becomes 100ms',
      'retry_conf.timeout_sec is 3600 and becomes 1800',
      'retry_conf.tolerance_seconds is left out',
      'The header content-type is left out: the sender sets it itself, as Hasura does',
      '"clear_older_than":168',
    ])
      expect(changed).toContain(told);
    for (const told of [
      'request_transform has to be written anew',
      'response_transform is left out',
      '1.0 to 1.00',
      'shop_invoices.yaml:12): 5.',
      'retry_conf.backoff is unknown here and left out',
    ])
      expect(chat).toContain(told);
  });

  it('keeps the request_transform as it was, and the comment', async () => {
    const { triggers } = await readHasuraMetadata(everything);
    const [, changed, chat] = importTriggers(triggers);

    expect(changed!.comment).toBe('Tells the warehouse');
    expect(chat!.transform!.original).toContain(
      '"text": "Invoice {{$body.event.data.new.number}} */",',
    );
  });

  it('has what its request_transform says of every request, and a function for the rest', async () => {
    const { triggers } = await readHasuraMetadata(everything);
    const [receipt, path] = importTriggers(triggers).slice(-2);

    expect(receipt!.definition.headers).toEqual([{ name: 'x-kind', value: 'receipt' }]);
    expect(Object.keys(receipt!.transform!.returns!)).toEqual(['headers', 'body']);
    expect(receipt!.notes.join('\n')).toContain('request_transform became the function');
    expect(path!.definition.webhook).toBe('{{RECEIPTS_URL}}/payments/deleted');
    expect(path!.transform).toBeUndefined();
    expect(path!.notes.join('\n')).toContain('became the URL and the headers');
  });

  it.each([
    'method: PUT',
    `query_params: { user: '{{$session_variables["x"]}}' }`,
    'body: { action: remove }',
    'body: { action: x_www_form_urlencoded, form_template: { a: b } }',
    `url: '{{$base_url}}/{{$body.id}}'`,
    'request_headers: { add_headers: { content-type: text/plain } }',
    'engine_options: {}',
  ])('keeps a request_transform that people have to write: %s', (line) => {
    const { transform, notes } = imported(
      `webhook: https://example.com\nrequest_transform:\n  version: 2\n  ${line}`,
    );

    expect(transform).toEqual({ original: expect.stringContaining('version: 2') as unknown });
    expect(notes.join('\n')).toContain('request_transform has to be written anew');
  });

  it.each([
    ['', 'orders.yaml:1: neither webhook nor webhook_from_env is given'],
    ['webhook: a\nwebhook_from_env: B', 'orders.yaml:1: both webhook and webhook_from_env'],
    ['webhook: 7', 'orders.yaml:3: webhook is the number 7'],
    ['webhook: a\nretry_conf: { num_retries: -1 }', 'orders.yaml:4: retry_conf.num_retries is'],
    ['webhook: a\nheaders:\n- name: x', 'orders.yaml:5: a header needs a name'],
    ['webhook: a\ntrigger_on_replication: maybe', 'orders.yaml:4: trigger_on_replication is the'],
  ])('is refused with file and line where it says %j', (yaml, expected) => {
    expect(() => imported(yaml)).toThrowError(
      expect.objectContaining({
        code: 'ET_INVALID_METADATA',
        message: expect.stringContaining(expected) as unknown,
      }) as Error,
    );
  });

  it('is refused where another one has its name', () => {
    const content = parseMetadata(
      `name: a\ndefinition: { insert: { columns: '*' } }\nwebhook: a`,
      'orders.yaml',
    );
    const trigger = { table: { schema: 'public', name: 'orders' }, content };

    expect(() => importTriggers([trigger, trigger])).toThrowError(
      'orders.yaml:1: the event trigger "a" is defined a second time, after orders.yaml:1',
    );
  });
});
