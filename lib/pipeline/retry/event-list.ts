import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { ModuleRequestTerms } from '../deliver/event-request.js';
import type { EventNumber, TriggerId } from '../event.js';
import { sqlState } from '../attach/attach-connection.js';
import { unknownEvent, type ApplicationEvents } from './application-events.js';
import {
  eventQuery,
  invalidPath,
  placeText,
  type EventFilter,
  type EventQuery,
} from './event-filter.js';
import { eventListStatements, type EventListStatements } from './event-list.sql.js';
import {
  eventDetails,
  eventSummary,
  type AnsweredAttemptRow,
  type DetailsRow,
  type EventDetails,
  type EventSummary,
  type SummaryRow,
  type SummaryTerms,
} from './event-summary.js';

/** Events, the newest first. */
export interface EventPage {
  /** May be fewer than wanted, or none, although there is more: one page looks at 1,000 events at most. */
  readonly events: readonly EventSummary[];
  /** What `after` of the next page is; null where this is the last one. */
  readonly next: string | null;
}

interface PageRow extends SummaryRow {
  readonly looked_at: number;
  readonly lowest_number: EventNumber;
  readonly lowest_created: string;
}

/** The only row of a page without events. */
type EmptyPageRow = Omit<PageRow, 'number'> & { readonly number: null };

const hasEvent = (row: PageRow | EmptyPageRow): row is PageRow => row.number !== null;

/** Syntax errors, and data that cannot be: SQLSTATE by class. */
const REFUSED = /^(?:22|42)/;

/** Looks at what happened and at what waits, without disturbing it. */
export class EventList {
  private readonly statements: EventListStatements;

  constructor(
    private readonly events: ApplicationEvents,
    schema: QuotedIdentifier,
    private readonly module: ModuleRequestTerms,
  ) {
    this.statements = eventListStatements(schema);
  }

  async page(filter: EventFilter): Promise<EventPage> {
    const query = eventQuery(filter);
    if (filter.path !== undefined) await this.checkPath(filter.path);
    const triggers = await this.events.triggers();
    const terms = summaryTerms(await this.events.installation(), triggers);
    const rows = await this.events.run<PageRow | EmptyPageRow>(this.statements.list, [
      filter.trigger === undefined
        ? [...triggers.values()]
        : this.events.named([filter.trigger].flat(), triggers),
      query.place?.number ?? null,
      query.place?.createdAt ?? null,
      filter.from ?? null,
      filter.to ?? null,
      query.operations,
      filter.key ?? null,
      query.states,
      query.limit,
      query.lookAt,
      query.sources,
      filter.path ?? null,
    ]);
    const found = rows.filter(hasEvent);
    return {
      events: found.map((row) => eventSummary(terms, row)),
      next: nextOf(rows[0], found, query),
    };
  }

  /** Postgres alone knows what it can read. */
  private async checkPath(path: string): Promise<void> {
    try {
      await this.events.run(this.statements.path, [path]);
    } catch (error) {
      throw REFUSED.test(sqlState(error) ?? '') ? invalidPath(path, error) : error;
    }
  }

  async details(id: string): Promise<EventDetails> {
    const { installation, number, millisecond } = await this.events.placeOf(id);
    const triggers = await this.events.triggers();
    const [row] = await this.events.run<DetailsRow>(this.statements.find, [
      [...triggers.values()],
      number,
      millisecond,
    ]);
    if (row === undefined) throw unknownEvent(id);
    const history = await this.events.run<AnsweredAttemptRow>(this.statements.attempts, [
      row.trigger_id,
      number,
      row.created_at,
    ]);
    return eventDetails(summaryTerms(installation, triggers), row, history, this.module);
  }
}

const summaryTerms = (
  installation: number,
  triggers: ReadonlyMap<string, TriggerId>,
): SummaryTerms => ({
  installation,
  names: new Map([...triggers].map(([name, id]) => [id, name])),
});

function nextOf(
  first: PageRow | EmptyPageRow | undefined,
  found: readonly PageRow[],
  { limit, lookAt }: EventQuery,
): string | null {
  const last = found.at(-1);
  if (last !== undefined && found.length === limit)
    return placeText({ number: last.number, createdAt: last.created_at });
  if (first === undefined || first.looked_at < lookAt) return null;
  return placeText({ number: first.lowest_number, createdAt: first.lowest_created });
}
