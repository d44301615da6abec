import type { DataSource, EntityManager } from 'typeorm';
import type { ResolvedOptions } from './event-triggers.options.js';
import { EventTriggersError } from './event-triggers.errors.js';
import { invokeStatement, type InvokedRow } from './pipeline/capture/invoke.sql.js';
import { eventId } from './pipeline/deliver/event-id.js';
import type { EventNumber } from './pipeline/event.js';
import { quoteIdentifier } from './schema/identifier.js';

/** How an event is invoked. */
export interface InvokeOptions {
  /** Joins the transaction of this manager: the event exists if that commits, and only then. */
  readonly manager?: EntityManager;
}

/**
 * What an application calls at run time.
 *
 * @example
 * constructor(private readonly eventTriggers: EventTriggersService) {}
 */
export class EventTriggersService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly options: Pick<ResolvedOptions, 'schema' | 'application'>,
  ) {}

  /**
   * Makes an event by hand, of operation `MANUAL`, for a trigger whose definition says `manual: true`.
   *
   * @param payload becomes `event.data.new`; anything that JSON can say
   * @returns the event's id, as receivers see it
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER` or `ET_NOT_MANUAL`
   *
   * @example
   * await dataSource.transaction(async (manager) => {
   *   await manager.save(order);
   *   await eventTriggers.invoke('order_reviewed', { id: order.id }, { manager });
   * });
   */
  async invoke(name: string, payload: unknown, { manager }: InvokeOptions = {}): Promise<string> {
    const rows = await (manager ?? this.dataSource.manager).query<InvokedRow[]>(
      invokeStatement(quoteIdentifier(this.options.schema)),
      [name, this.options.application, JSON.stringify(payload ?? null)],
    );
    const invoked = rows[0];
    if (invoked === undefined) throw unknownTrigger(name, this.options.application);
    if (invoked.number === null || invoked.created_at === null) throw notManual(name);
    return eventId(Number(invoked.installation), {
      number: invoked.number as EventNumber,
      createdAt: invoked.created_at,
    });
  }
}

function unknownTrigger(name: string, application: string): EventTriggersError {
  return new EventTriggersError(
    'ET_UNKNOWN_TRIGGER',
    `The application "${application}" has no event trigger "${name}"`,
    { hint: 'Define it in forRoot, forFeature or with @EventTrigger.' },
  );
}

function notManual(name: string): EventTriggersError {
  return new EventTriggersError(
    'ET_NOT_MANUAL',
    `The event trigger "${name}" is not for invoking`,
    {
      hint: 'Add manual: true to its definition.',
    },
  );
}
