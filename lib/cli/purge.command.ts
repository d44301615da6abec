import type { Command } from 'commander';
import { EXIT } from './failure.js';
import { withExamples } from './examples.js';
import { isConfirmed } from './confirmation.js';
import { inSession } from './session.js';
import { countOf } from './value.js';
import { counted } from './wording.js';

export function registerPurge(program: Command): void {
  withExamples(
    program
      .command('purge')
      .argument('<name>', 'a trigger')
      .option('--confirm <n>', 'give up what waits, if it is no more than this', countOf)
      .description('counts what waits of a trigger, and gives it up'),
    'purge order_created',
    'purge order_created --confirm 1200',
  ).action((name: string, { confirm }: { confirm?: number }, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const waiting = confirm ?? (await service.purge(name));
      if (confirm === undefined && !terminal.isInteractive) {
        terminal.result({ trigger: name, waiting, purged: false }, () => `${waiting} wait`);
        return EXIT.done;
      }
      const question = `Give up ${counted(waiting, 'event')} of "${name}" for good`;
      if (!(await isConfirmed(terminal, question, { yes: confirm !== undefined })))
        return EXIT.done;
      const given = await service.purge(name, { confirm: waiting });
      terminal.done(
        { trigger: name, waiting: given, purged: true },
        `${counted(given, 'event')} of "${name}" given up`,
      );
      return EXIT.done;
    }),
  );
}
