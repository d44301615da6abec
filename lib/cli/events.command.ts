import type { Command } from 'commander';
import type { EventFilter, EventState } from '../pipeline/retry/event-filter.js';
import type { EventDetails, EventSummary } from '../pipeline/retry/event-summary.js';
import type { Operation } from '../pipeline/event.js';
import { withExamples } from './examples.js';
import { EXIT } from './failure.js';
import { inSession } from './session.js';
import { listOf, type Column } from './table.js';
import type { Terminal } from './terminal.js';
import { countOf, several, timeOf } from './value.js';
import { secondText } from './wording.js';

const EVENT_COLUMNS: readonly Column<EventSummary>[] = [
  ['ID', ({ id }) => id],
  ['TIME', ({ createdAt }) => secondText(createdAt)],
  ['TRIGGER', ({ trigger }) => trigger],
  ['OPERATION', ({ operation }) => operation],
  ['KEY', ({ key }) => key],
  ['STATE', ({ state, reason }) => (reason === null ? state : `${state} (${reason})`)],
  ['ATTEMPTS', ({ attempts }) => attempts],
  ['LAST', ({ lastAttempt }) => lastAttempt && String(lastAttempt.status ?? lastAttempt.errorCode)],
  ['NEXT', ({ nextAttemptAt }) => nextAttemptAt && secondText(nextAttemptAt)],
];

interface ListOptions extends Omit<EventFilter, 'operation'> {
  readonly operation?: string[];
  readonly state?: EventState[];
  readonly trigger?: string[];
}

/** `events` and what it has beneath it. */
export function registerEvents(program: Command): void {
  const events = withExamples(
    program
      .command('events')
      .option('--trigger <name>', 'of this trigger; may be given several times', several)
      .option('--state <state>', 'in this state; may be given several times', several)
      .option('--operation <name>', 'of this operation; may be given several times', several)
      .option('--key <key>', "of this row's key")
      .option('--from <time>', 'changed from then on', timeOf)
      .option('--to <time>', 'changed before then', timeOf)
      .option('--limit <n>', 'events of a page, 500 at most', countOf)
      .option('--after <place>', 'behind where a page before ended')
      .description('lists events, the newest first'),
    'events --trigger order_created --state retrying --state dead',
    'events --key 4711 --from 2026-11-28',
  ).action((options: ListOptions, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const operation = options.operation?.map((name) => name.toUpperCase()) as Operation[];
      const page = await service.listEvents({ ...options, operation });
      terminal.result(page, () =>
        page.events.length === 0 ? 'no events' : terminal.table(EVENT_COLUMNS, page.events),
      );
      if (page.next !== null) terminal.note(`more: --after ${page.next}`);
    }),
  );
  withExamples(
    events
      .command('show')
      .argument('<id>', 'as receivers see it')
      .description('tells all of one event: its rows and each attempt'),
    'events show 6d0f1c2a-9b3e-8f40-a1b2-000000000007',
  ).action((id: string, _: unknown, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const event = await service.getEvent(id);
      terminal.result(event, () => detailsOf(event, terminal));
    }),
  );
  withExamples(
    events
      .command('cancel')
      .argument('<id>', 'as receivers see it')
      .description('gives up one event that waits'),
    'events cancel 6d0f1c2a-9b3e-8f40-a1b2-000000000007',
  ).action((id: string, _: unknown, command: Command) =>
    inSession(command, async ({ service, terminal }) => {
      const state = await service.cancel(id);
      const isTooLate = state !== 'cancelled';
      terminal.done({ id, state }, isTooLate ? `too late: it is ${state}` : 'cancelled');
      return isTooLate ? EXIT.failed : EXIT.done;
    }),
  );
}

function detailsOf({ history, event, ...summary }: EventDetails, terminal: Terminal): string {
  const { lastAttempt: _, ...properties } = summary;
  return [
    listOf(Object.entries(properties)),
    `old: ${JSON.stringify(event.data.old)}\nnew: ${JSON.stringify(event.data.new)}`,
    history.length === 0
      ? 'no attempts'
      : terminal.table(
          [
            ['ATTEMPT', ({ number }) => number],
            ['ENDED', ({ endedAt }) => secondText(endedAt)],
            ['MS', ({ duration }) => Math.round(duration)],
            ['OUTCOME', ({ outcome }) => outcome],
            ['STATUS', ({ status }) => status],
            ['ERROR', ({ errorCode, errorMessage }) => errorCode && `${errorCode} ${errorMessage}`],
            ['ANSWER', ({ responseBody }) => responseBody && responseBody.slice(0, MOST_OF_ANSWER)],
          ],
          history,
        ),
  ].join('\n\n');
}

/** As much as fits beside the rest in a line; --json has all of it. */
const MOST_OF_ANSWER = 60;
