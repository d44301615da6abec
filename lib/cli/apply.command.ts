import type { Command } from 'commander';
import { installAll } from '../installation.js';
import { withExamples } from './examples.js';
import { withHost } from './host-application.js';
import { databaseOf, withHostOptions, type HostOptions } from './plan.command.js';
import { terminalOf } from './session.js';

export function registerApply(program: Command): void {
  withExamples(
    withHostOptions(program.command('apply')).description(
      "does to the database what starting the application with install: 'apply' would do",
    ),
    'apply --app dist/app.module.js --url "$OWNER_URL"',
  ).action(async (_: unknown, command: Command) => {
    const options = command.optsWithGlobals<HostOptions>();
    const terminal = terminalOf(command);
    await withHost(options, terminal, async (blueprint) => {
      const database = databaseOf(options, blueprint);
      try {
        const settings = { ...blueprint.options, install: 'apply' as const };
        const report = await installAll(database, settings, blueprint.wanted);
        for (const warning of report.warnings) terminal.warn(warning);
        const done = (['created', 'attached', 'updated', 'removed'] as const)
          .filter((kind) => report[kind].length > 0)
          .map((kind) => `${kind}: ${report[kind].join(', ')}`);
        terminal.done(report, done.length === 0 ? 'all is as it is defined' : done.join('\n'));
      } finally {
        await database.close();
      }
    });
  });
}
