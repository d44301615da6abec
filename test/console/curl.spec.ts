import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { EventOnPage, Trigger } from '../../lib/console/web/answers.js';
import { curlCommand } from '../../lib/console/web/curl.js';
import { requestOf } from '../../lib/console/web/event-request.js';

const event = {
  id: '4f0c1a2b-3c4d-8e5f-9a0b-000000010005',
  trigger: 'order_paid',
  attempts: 2,
  createdAt: '2026-11-29T01:00:00.000Z',
  event: { op: 'INSERT', data: { old: null, new: { note: 'it\'s $HOME `x` \\ "ü"' } } },
} as unknown as EventOnPage;

const trigger = {
  webhook: 'https://example.com/a?b=1&c=2',
  table: { schema: 'public', name: 'orders' },
  made: {
    headers: [
      { name: 'authorization', value: null, isHidden: true },
      { name: 'x-team', valueFromEnv: 'TEAM' },
    ],
  },
} as unknown as Trigger;

/** What the shell makes of a command's arguments. */
const argumentsOf = (command: string): string[] => {
  const printing = command.replace('curl ', 'for argument in "$@"; do :; done; printf "%s\\0" ');
  const env = { AUTHORIZATION: 'Bearer secret', TEAM: 'red' };
  return execFileSync('sh', ['-c', printing], { env, encoding: 'utf8' }).split('\0').slice(0, -1);
};

describe('a delivery as a command', () => {
  const parts = argumentsOf(curlCommand(requestOf(event, trigger)));

  it('survives the shell with every character of the body', () => {
    const body = JSON.parse(parts[parts.indexOf('--data-raw') + 1]!) as Record<string, unknown>;
    expect(body).toMatchObject({
      id: event.id,
      event: event.event,
      table: { schema: 'public', name: 'orders' },
      trigger: { name: 'order_paid' },
      delivery_info: { current_retry: 2, max_retries: 15 },
    });
  });

  it('goes to the webhook, as the attempt that would be next', () => {
    expect(parts).toContain('https://example.com/a?b=1&c=2');
    expect(parts).toContain(`webhook-id: ${event.id}`);
    expect(parts).toContain('event-triggers-attempt: 3');
  });

  it('holds no secret: the shell fills hidden headers in', () => {
    expect(curlCommand(requestOf(event, trigger))).toContain('"authorization: $AUTHORIZATION"');
    expect(parts).toContain('authorization: Bearer secret');
    expect(parts).toContain('x-team: red');
  });

  it('can be made of an event whose trigger is gone', () => {
    expect(argumentsOf(curlCommand(requestOf(event, null)))).toContain(
      'https://example.com/webhook',
    );
  });
});
