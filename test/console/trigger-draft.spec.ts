import { describe, expect, it } from 'vitest';
import type { Definition } from '../../lib/console/web/answers.js';
import { draftProblems } from '../../lib/console/web/draft-problems.js';
import {
  changesOf,
  definitionOf,
  triggerDraft,
  type TriggerDraft,
} from '../../lib/console/web/trigger-draft.js';

const types = new Map([
  ['status', 'text'],
  ['total', 'numeric'],
]);
const large: Definition = {
  name: 'large_order',
  table: { schema: 'shop', name: 'orders' },
  insert: { where: { column: 'total', operator: '>=', value: 1000 } },
  update: { columns: ['status'], unchanged: true, payload: ['status'] },
  delete: true,
  truncate: true,
  manual: true,
  webhook: '{{BACKEND_URL}}/large',
  sendSecret: true,
  headers: [
    { name: 'x-team', valueFromEnv: 'TEAM' },
    { name: 'x-shop', value: 'one' },
  ],
  retry: { attempts: 5, strategy: ['5s', '5m'], maxAge: '1h', jitter: false },
  timeout: '10s',
  ordering: 'row',
  whenExhausted: 'hold-key',
  enabled: false,
};
const whole = triggerDraft(large);
const problemsWith = (part: Partial<TriggerDraft>): string[] =>
  Object.keys(draftProblems({ ...whole, ...part }));

describe('a definition in the form', () => {
  it('comes back as it was', () => {
    expect(definitionOf(triggerDraft(large), types)).toEqual(large);
  });

  it('leaves out what has its default', () => {
    const draft = triggerDraft({ name: 'all', table: 'orders', insert: true, webhook: 'http://a' });
    expect(definitionOf(draft, types)).toEqual({
      name: 'all',
      table: 'orders',
      insert: true,
      webhook: 'http://a',
    });
  });

  it('keeps a header whose value is not told', () => {
    const told = { ...large, headers: [{ name: 'authorization', value: null, isHidden: true }] };
    const { headers } = definitionOf(triggerDraft(told as unknown as Definition), types);
    expect(headers).toEqual([{ name: 'authorization', isHidden: true }]);
  });

  it('reads digits alone as milliseconds', () => {
    expect(definitionOf({ ...whole, timeout: '1500' }, types).timeout).toBe(1500);
  });

  it('sends only what differs, and null for what has its default again', () => {
    const { timeout: _, ...others } = large;
    const after = { ...others, webhook: 'https://example.com' };
    expect(changesOf(large, after)).toEqual({ webhook: 'https://example.com', timeout: null });
    expect(changesOf(large, large)).toEqual({});
  });
});

describe('what is wrong with a form', () => {
  it('is nothing where a definition came from the server', () => {
    expect(draftProblems(whole)).toEqual({});
  });

  it('is told of each field', () => {
    expect(Object.keys(draftProblems(triggerDraft()))).toEqual([
      'name',
      'table',
      'operations',
      'webhook',
    ]);
    expect(problemsWith({ name: '1st' })).toEqual(['name']);
    expect(problemsWith({ webhook: 'example.com' })).toEqual(['webhook']);
    expect(problemsWith({ timeout: '10 seconds' })).toEqual(['timeout']);
    expect(problemsWith({ retry: { ...whole.retry, attempts: '0' } })).toEqual(['attempts']);
    expect(problemsWith({ retry: { ...whole.retry, delays: '5s, soon' } })).toEqual(['delays']);
    expect(problemsWith({ headers: [{ name: 'a b', kind: 'value', value: '' }] })).toEqual([
      'header-0',
    ]);
  });

  it('is not told of a condition whose operation is off', () => {
    const where = { kind: 'group', negated: false, join: 'and', parts: [] } as const;
    expect(problemsWith({ insert: { ...whole.insert, where } })).toEqual(['insert-where']);
    expect(problemsWith({ insert: { ...whole.insert, where, isOn: false } })).toEqual([]);
  });
});
