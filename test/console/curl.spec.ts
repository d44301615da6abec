import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { curlCommand } from '../../lib/console/web/curl.js';

const BODY = JSON.stringify({ note: 'it\'s $HOME `x` \\ "ü" {{TEAM}}' });
const request = {
  url: 'https://example.com/{{TEAM}}/a?b=1&c=2',
  headers: [
    { name: 'content-type', value: 'application/json' },
    { name: 'authorization', value: null },
    { name: 'x-team', value: '{{TEAM}}' },
    { name: 'webhook-id', value: '4f0c1a2b-3c4d-8e5f-9a0b-000000010005' },
    { name: 'webhook-timestamp', value: null },
    { name: 'webhook-signature', value: null },
  ],
  body: BODY,
};

/** What the shell makes of a command's arguments. */
const argumentsOf = (command: string): string[] => {
  const printing = command.replace('curl ', 'for argument in "$@"; do :; done; printf "%s\\0" ');
  const env = { AUTHORIZATION: 'Bearer secret', TEAM: 'red & blue' };
  return execFileSync('sh', ['-c', printing], { env, encoding: 'utf8' }).split('\0').slice(0, -1);
};

describe('a request as a command', () => {
  const parts = argumentsOf(curlCommand(request));

  it('survives the shell with every character of the body', () => {
    expect(parts[parts.indexOf('--data-raw') + 1]).toBe(BODY);
  });

  it('has the shell fill in what is not told', () => {
    expect(parts).toContain('https://example.com/red & blue/a?b=1&c=2');
    expect(parts).toContain('authorization: Bearer secret');
    expect(parts).toContain('x-team: red & blue');
    expect(parts).toContain('content-type: application/json');
  });

  it('leaves out what belongs to one attempt', () => {
    expect(parts.join(' ')).toContain('webhook-id');
    expect(parts.join(' ')).not.toMatch(/webhook-(timestamp|signature)/);
  });
});
