import type { Command } from 'commander';
import { EventTriggersError } from '../event-triggers.errors.js';
import { suggestion } from '../nearest-name.js';
import type { Pause, TriggerSummary } from '../pipeline/retry/trigger-list.js';
import { withExamples } from './examples.js';
import { inSession } from './session.js';
import { listOf, type Column } from './table.js';
import { ageOf } from './wording.js';

/** A line for a trigger: what waits of it, and what rests. */
export const TRIGGER_COLUMNS: readonly Column<TriggerSummary>[] = [
  ['TRIGGER', ({ name }) => name],
  ['TABLE', ({ table }) => `${table.schema}.${table.name}`],
  ['OPERATIONS', ({ operations }) => operations.join(',')],
  ['WAITING', ({ oldestWaiting }) => (oldestWaiting === null ? null : ageOf(oldestWaiting))],
  ['RETRYING', ({ retrying }) => retrying],
  ['PARKED', ({ parked }) => parked],
  ['DEAD', ({ dead }) => dead],
  ['STATE', (trigger) => stateOf(trigger)],
];

/** `triggers` and what it has beneath it; returns the command, so that others can be added. */
export function registerTriggers(program: Command): Command {
  const triggers = withExamples(
    program.command('triggers').description('lists the triggers of the application'),
    'triggers',
    'triggers show order_created',
    'triggers pause order_created',
  ).action((_: unknown, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const all = await service.listTriggers();
      terminal.result(all, () =>
        all.length === 0 ? 'no triggers' : terminal.table(TRIGGER_COLUMNS, all),
      );
    }),
  );
  withExamples(
    triggers.command('show').argument('<name>').description('tells all of one trigger'),
    'triggers show order_created --json',
  ).action((name: string, _: unknown, command: Command) =>
    inSession(command, async ({ service, terminal, options }) => {
      const trigger = ofName(name, await service.listTriggers(), options.application);
      terminal.result(trigger, () => listOf(Object.entries(trigger)));
    }),
  );
  registerPausing(triggers, 'pause', 'stops delivering a trigger; its changes are captured on');
  registerPausing(triggers, 'resume', 'goes on with a trigger where it stopped');
  return triggers;
}

function registerPausing(triggers: Command, verb: 'pause' | 'resume', description: string): void {
  withExamples(
    triggers.command(verb).argument('<name>').description(description),
    `triggers ${verb} order_created`,
  ).action((name: string, _: unknown, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const changed = await service[verb](name);
      const now = verb === 'pause' ? 'paused' : 'delivered';
      terminal.done(
        { trigger: name, changed },
        `"${name}" ${changed ? 'is' : 'was already'} ${now}`,
      );
    }),
  );
}

function ofName(
  name: string,
  triggers: readonly TriggerSummary[],
  application: string,
): TriggerSummary {
  const trigger = triggers.find((one) => one.name === name);
  if (trigger !== undefined) return trigger;
  const known = triggers.map((one) => one.name);
  throw new EventTriggersError(
    'ET_UNKNOWN_TRIGGER',
    `The application "${application}" has no event trigger "${name}"; ${suggestion(name, known)}`,
    { hint: 'Is it one of another application? Name that with --application.' },
  );
}

function stateOf(trigger: TriggerSummary): string | null {
  const rests = (what: string, pause: Pause<string> | null): string[] =>
    pause === null ? [] : [`${what} paused ${ageOf(pause.since)} (${pause.reason})`];
  const states = [
    ...(trigger.removedAt === null ? [] : ['removed']),
    ...(trigger.enabled ? [] : ['not enabled']),
    ...rests('delivery', trigger.deliveryPaused),
    ...rests('capture', trigger.capturePaused),
    ...(trigger.failingSince === null ? [] : [`failing ${ageOf(trigger.failingSince)}`]),
  ];
  return states.length === 0 ? 'ok' : states.join(', ');
}
