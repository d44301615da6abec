import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { EventNumber, TriggerId } from '../event.js';
import { unknownEvent, type ApplicationEvents } from './application-events.js';
import { eventQuery, placeText, type EventFilter, type EventQuery } from './event-filter.js';
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
  /** May be fewer than wanted, or none, although there is more: one page looks at 2,000 events at most. */
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

/** Looks at what happened and at what waits, without disturbing it. */
export class EventList {
  private readonly statements: EventListStatements;

  constructor(
    private readonly events: ApplicationEvents,
    schema: QuotedIdentifier,
  ) {
    this.statements = eventListStatements(schema);
  }

  async page(filter: EventFilter): Promise<EventPage> {
    const query = eventQuery(filter);
    const terms = await this.terms();
    const rows = await this.events.run<PageRow | EmptyPageRow>(this.statements.list, [
      await this.triggersOf(filter, terms),
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
    ]);
    const found = rows.filter(hasEvent);
    return {
      events: found.map((row) => eventSummary(terms, row)),
      next: nextOf(rows[0], found, query),
    };
  }

  async details(id: string): Promise<EventDetails> {
    const { number, millisecond } = await this.events.placeOf(id);
    const terms = await this.terms();
    const [row] = await this.events.run<DetailsRow>(this.statements.find, [
      [...terms.names.keys()],
      number,
      millisecond,
    ]);
    if (row === undefined) throw unknownEvent(id);
    const history = await this.events.run<AnsweredAttemptRow>(this.statements.attempts, [
      row.trigger_id,
      number,
      row.created_at,
    ]);
    return eventDetails(terms, row, history);
  }

  private async triggersOf(
    { trigger }: EventFilter,
    { names }: SummaryTerms,
  ): Promise<TriggerId[]> {
    return trigger === undefined
      ? [...names.keys()]
      : await this.events.triggersNamed([trigger].flat());
  }

  private async terms(): Promise<SummaryTerms> {
    const installation = await this.events.installation();
    const triggers = await this.events.triggers();
    return { installation, names: new Map([...triggers].map(([name, id]) => [id, name])) };
  }
}

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
