import { Command } from 'commander';
import { PACKAGE_VERSION } from '../package-version.js';
import { importHasura } from './hasura/import-hasura.command.js';
import { registerAdopt } from './adopt.command.js';
import { registerApply } from './apply.command.js';
import { registerDoctor } from './doctor.command.js';
import { registerErase } from './erase.command.js';
import { registerEvents } from './events.command.js';
import { registerPlan } from './plan.command.js';
import { registerPrune } from './prune.command.js';
import { registerPurge } from './purge.command.js';
import { registerRedeliver } from './redeliver.command.js';
import { registerReplay } from './replay.command.js';
import { registerStatus } from './status.command.js';
import { registerTriggerDefinitions } from './trigger-definitions.command.js';
import { registerTriggers } from './triggers.command.js';
import { registerUninstall } from './uninstall.command.js';

/** The whole command line. */
export function commandLine(): Command {
  const program = new Command('event-triggers')
    .description('Looks after the event triggers of a Postgres database')
    .version(PACKAGE_VERSION)
    .option('--url <url>', 'the database (default: DATABASE_URL)')
    .option('--schema <name>', 'where event triggers are installed', 'event_triggers')
    .option(
      '--application <name>',
      'whose triggers are meant (default: the name in the package.json found from here)',
    )
    .option('--json', 'the result as JSON on stdout, everything else on stderr')
    .option('--quiet', 'the result and errors, nothing else')
    .showHelpAfterError('(add --help for examples)')
    .addHelpText('after', EXIT_CODES)
    .exitOverride();
  registerPlan(program);
  registerApply(program);
  registerDoctor(program);
  registerStatus(program);
  const triggers = registerTriggers(program);
  registerTriggerDefinitions(triggers);
  registerEvents(program);
  registerRedeliver(program);
  registerReplay(program);
  registerPurge(program);
  registerPrune(program);
  registerErase(program);
  registerAdopt(program);
  importHasura(program);
  registerUninstall(program);
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C.`;
