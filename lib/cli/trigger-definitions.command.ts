import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { RunTimeTriggerDefinition } from '../pipeline/attach/run-time-trigger.js';
import type { RunTimeTriggerChanges } from '../pipeline/attach/run-time-triggers.js';
import type { WhenRemoved } from '../pipeline/attach/trigger-definition.js';
import { withExamples } from './examples.js';
import { UsageError } from './failure.js';
import { inSession } from './session.js';
import { counted } from './wording.js';

/** Triggers that are made, changed and deleted at run time. */
export function registerTriggerDefinitions(triggers: Command): void {
  withExamples(
    triggers
      .command('create')
      .argument('<file>', 'JSON of a definition; - for stdin')
      .option('--dry-run', 'print the statements on the table, and do nothing')
      .description('makes a trigger and attaches it to its table'),
    'triggers create large-order.json',
    'triggers create - --dry-run < large-order.json',
  ).action((file: string, { dryRun = false }: { dryRun?: boolean }, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const definition = (await jsonOf(file)) as RunTimeTriggerDefinition;
      if (dryRun) {
        const statements = await service.previewTrigger(definition);
        terminal.result(statements, () => statements.map((text) => `${text};`).join('\n'));
        return;
      }
      const made = await service.createTrigger(definition);
      terminal.done(made, `"${made.name}" was made`);
    }),
  );
  withExamples(
    triggers
      .command('update')
      .argument('<name>')
      .argument('<file>', 'JSON of what differs, null for a default; - for stdin')
      .description('changes a trigger that was made at run time'),
    'triggers update large_order changes.json',
  ).action((name: string, file: string, _: unknown, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const changed = await service.updateTrigger(
        name,
        (await jsonOf(file)) as RunTimeTriggerChanges,
      );
      terminal.done(changed, `"${changed.name}" was changed`);
    }),
  );
  withExamples(
    triggers
      .command('delete')
      .argument('<name>')
      .addOption(
        new Option(
          '--when-removed <fate>',
          'what becomes of its events that wait, instead of what it says',
        ).choices(['keep', 'drain', 'purge']),
      )
      .description('takes a trigger that was made at run time off its table'),
    'triggers delete large_order --when-removed drain',
  ).action((name: string, { whenRemoved }: { whenRemoved?: WhenRemoved }, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const waiting = await service.deleteTrigger(name, { whenRemoved });
      terminal.done(
        { trigger: name, waiting },
        `"${name}" was deleted; ${counted(waiting, 'event')} waited`,
      );
    }),
  );
}

async function jsonOf(file: string): Promise<unknown> {
  const text = await (file === '-' ? stdin() : readFile(file, 'utf8').catch(unreadable(file)));
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${(error as Error).message}`);
  }
}

async function stdin(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

const unreadable = (file: string) => (error: Error) => {
  throw new UsageError(`${file} cannot be read: ${error.message}`);
};
