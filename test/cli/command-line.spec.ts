import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../../lib/cli/command-line.js';
import { buildLibrary } from '../support/built-library.js';
import { eventTriggers } from './support/command-line.js';

const NOBODY = 'postgres://ada:secret@127.0.0.1:1/shop';

function commands(of = commandLine(), path: readonly string[] = []): [string, Command][] {
  return of.commands.flatMap((command) => {
    const own = [...path, command.name()];
    return [[own.join(' '), command] as [string, Command], ...commands(command, own)];
  });
}

describe('the command line', () => {
  beforeAll(buildLibrary);

  it.each(commands())('shows examples of %s', (path, command) => {
    let help = '';
    command.configureOutput({ writeOut: (part) => (help += part) });

    command.outputHelp();

    expect(help).toContain(`Examples:\n  event-triggers ${path}`);
  });

  it('shows help on stdout, and answers 0', async () => {
    const { code, stdout, stderr } = await eventTriggers(['redeliver', '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('--per-second <n>');
  });

  it.each([
    ['an unknown command', ['stauts']],
    ['an unknown option', ['status', '--verbose']],
    ['a value that cannot be meant', ['events', '--from', 'yesterday', '--url', NOBODY]],
    ['nothing to send again', ['redeliver', '--url', NOBODY]],
    ['no fate of what waits', ['adopt', '--url', NOBODY]],
    ['no database', ['status']],
  ])('answers 2 to %s', async (_, parameters) => {
    const { code, stdout, stderr } = await eventTriggers(parameters);

    expect(code, `told: ${stderr}`).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });

  it('takes the database from the environment, and does not tell its password', async () => {
    const { code, stderr } = await eventTriggers(['status'], { env: { DATABASE_URL: NOBODY } });

    expect(code).toBe(1);
    expect(stderr).toContain('error ET_NO_CONNECTION');
    expect(stderr).toContain('\n  Fix: ');
    expect(stderr).not.toContain('secret');
  });
});
