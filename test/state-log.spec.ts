import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorCode, lineOf, sentenceOf, StateLog } from '../lib/state-log.js';

const lib = fileURLToPath(new URL('../lib/', import.meta.url));

async function sourcesThatLog(): Promise<string[]> {
  const names = await readdir(lib, { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts') && !name.endsWith('state-log.ts'));
  return Promise.all(files.map((name) => readFile(join(lib, name), 'utf8')));
}

/** Code and level of each place that logs: the level is that of the call before it. */
async function loggedInSources(): Promise<string[]> {
  const texts = await sourcesThatLog();
  return texts.flatMap((text) =>
    [...text.matchAll(/code: '([a-z-]+)'/g)].flatMap(({ index, 1: code }) => {
      const call = [...text.slice(0, index).matchAll(/\.(log|warn|error|warnOnce)\(/g)].at(-1)?.[1];
      return call === undefined ? [] : [`${code} ${call === 'warnOnce' ? 'warn' : call}`];
    }),
  );
}

describe('a line of the log', () => {
  it('has a sentence, and behind it what a machine looks for', () => {
    const state = { code: 'dead-letters', trigger: 'order_created', count: 3 } as const;
    expect(lineOf('Three events are dead letters', state)).toBe(
      'Three events are dead letters (code=dead-letters trigger=order_created count=3)',
    );
  });

  it('quotes what is not one word, and leaves out what is not known', () => {
    const state = {
      code: 'triggers-attached',
      application: 'my "shop"',
      trigger: undefined,
    } as const;
    expect(lineOf('Attached', state)).toBe(
      'Attached (code=triggers-attached application="my \\"shop\\"")',
    );
  });

  it('is one line, whatever its sentence is made of', () => {
    const line = lineOf('These are wrong:\n  - one\r\n  - two', { code: 'trigger-warning' });
    expect(line).toBe('These are wrong: - one - two (code=trigger-warning)');
  });

  it('gives its sentence back to who reads it', () => {
    const sentence = 'Taken over (as it should be)';
    expect(sentenceOf(lineOf(sentence, { code: 'lease-lost', application: 'a) b' }))).toBe(
      sentence,
    );
    expect(sentenceOf(sentence), 'a line of somebody else').toBe(sentence);
  });

  it('names an error by its code or class alone, for all else may be made of a row', () => {
    const codes = [
      'HTTP_503',
      'TypeError',
      'UND_ERR_CONNECT_TIMEOUT',
      '22P02',
      'no order of ada@x',
      '',
    ];
    expect(codes.map((code) => errorCode({ code }))).toEqual([
      'HTTP_503',
      'TypeError',
      'UND_ERR_CONNECT_TIMEOUT',
      '22P02',
      undefined,
      undefined,
    ]);
    expect(errorCode(new TypeError('no order of ada@x')), 'the class').toBe('TypeError');
    expect(errorCode('no order of ada@x'), 'what was thrown is no error').toBeUndefined();
    expect(errorCode(undefined)).toBeUndefined();
  });

  it('goes to the level it was given', () => {
    const lines: string[] = [];
    const log = new StateLog({
      log: (line) => lines.push(`log: ${line}`),
      warn: (line) => lines.push(`warn: ${line}`),
      error: (line) => lines.push(`error: ${line}`),
    });
    log.log('a', { code: 'listening' });
    log.warn('b', { code: 'polling' });
    log.error('c', { code: 'log-unreachable' });
    expect(lines).toEqual([
      'log: a (code=listening)',
      'warn: b (code=polling)',
      'error: c (code=log-unreachable)',
    ]);
  });
});

describe('the codes of the log', () => {
  it('are on all lines, since nothing logs past them', async () => {
    const text = (await sourcesThatLog()).join('\n');
    const past = text.match(/(?<!new StateLog\()new Logger\('EventTriggers'\)/g);
    expect(text, 'what is searched').toContain("new StateLog(new Logger('EventTriggers'))");
    expect(past, 'loggers without a StateLog around them').toBeNull();
  });

  it('are all in use, and described with their level', async () => {
    const [source, readme] = await Promise.all(
      ['state-log.ts', 'telemetry/README.md'].map((name) => readFile(join(lib, name), 'utf8')),
    );
    const known = [...source!.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, code]) => code!);
    const described = [...readme!.matchAll(/^\| `([a-z-]+)` +\| (log|warn|error) /gm)].map(
      ([, code, level]) => `${code} ${level}`,
    );
    const logged = [...new Set(await loggedInSources())];
    expect(described.toSorted(), 'the table, against what is logged').toEqual(logged.toSorted());
    expect(new Set(logged.map((line) => line.split(' ')[0]))).toEqual(new Set(known));
  });
});
