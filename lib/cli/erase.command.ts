import type { Command } from 'commander';
import { isConfirmed } from './confirmation.js';
import { withExamples } from './examples.js';
import { EXIT } from './failure.js';
import { longWork } from './long-work.js';
import { inSession } from './session.js';
import { counted } from './wording.js';

interface EraseOptions {
  readonly key: string;
  readonly trigger?: string;
  readonly cancelWaiting?: boolean;
  readonly yes?: boolean;
}

export function registerErase(program: Command): void {
  withExamples(
    program
      .command('erase')
      .requiredOption('--key <key>', "the row's key, as events have it")
      .option('--trigger <name>', 'only what this trigger captured')
      .option('--cancel-waiting', 'also what is still owed, which is given up')
      .option('--yes', 'erase; without it, and without a terminal, only count')
      .description('removes all traces of a row: events, attempts, retries, dead letters'),
    'erase --key 4711',
    'erase --key 4711 --trigger order_created --cancel-waiting --yes',
  ).action(({ key, yes, trigger, cancelWaiting }: EraseOptions, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const found = await service.erase(key, { trigger, dryRun: true });
      const what = `${counted(found.events, 'event')} of the key "${key}"`;
      if (found.events === 0 || (yes !== true && !terminal.isInteractive)) {
        const { owed, inFlight, attempts } = found;
        const where = `${owed} still owed, ${inFlight} in flight; ${counted(attempts, 'attempt')}`;
        terminal.result({ ...found, erased: false }, () => `${what}: ${where}`);
        return EXIT.done;
      }
      if (!(await isConfirmed(terminal, `Erase ${what} for good`, { yes }))) return EXIT.done;
      const { result, code } = await longWork(terminal, 'erased', found.events, (long) =>
        service.erase(key, { trigger, cancelWaiting, ...long }),
      );
      terminal.done(
        { ...result, erased: true },
        `${counted(result.events, 'event')} of the key "${key}" erased`,
      );
      return code;
    }),
  );
}
