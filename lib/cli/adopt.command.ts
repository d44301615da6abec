import type { Command } from 'commander';
import { withExamples } from './examples.js';
import { EXIT, UsageError } from './failure.js';
import { isConfirmed } from './confirmation.js';
import { ALL_APPLICATIONS, inSession } from './session.js';
import { counted } from './wording.js';

interface AdoptOptions {
  readonly deliver?: boolean;
  readonly discard?: boolean;
  readonly deployment?: string;
  readonly yes?: boolean;
}

export function registerAdopt(program: Command): void {
  withExamples(
    program
      .command('adopt')
      .option('--deliver', 'send what waits from here')
      .option('--discard', 'give up what waits')
      .option('--deployment <name>', 'where the log is from now on, as the option of the module')
      .option('--yes', 'do not ask')
      .description('takes over the log of a database that is a copy'),
    'adopt --discard --deployment staging',
  ).action((options: AdoptOptions, command: Command) => {
    const { deliver = false, discard = false, deployment, yes } = options;
    if (deliver === discard)
      throw new UsageError('What becomes of what waits?', 'Give either --deliver or --discard.');
    return inSession(
      command,
      async ({ service, terminal }) => {
        const what = deliver ? 'Deliver from here what waits' : 'Give up what waits';
        const everybody = `${what}, of all applications of this database`;
        if (!(await isConfirmed(terminal, everybody, { yes }))) return EXIT.done;
        const waiting = await service.adopt(deliver ? 'deliver' : 'discard');
        terminal.done(
          { waiting, fate: deliver ? 'deliver' : 'discard' },
          `adopted; ${counted(waiting, 'event')} waited`,
        );
        return EXIT.done;
      },
      { deployment, application: ALL_APPLICATIONS },
    );
  });
}
