import type { EntityManager } from 'typeorm';
import { EventTriggersError } from './event-triggers.errors.js';
import type { Health } from './health.js';
import { invokeStatement, type InvokedRow } from './pipeline/capture/invoke.sql.js';
import { adoptLog, type Adoption } from './pipeline/claim/adoption.js';
import { eventId } from './pipeline/deliver/event-id.js';
import type { EventNumber } from './pipeline/event.js';
import { ApplicationEvents } from './pipeline/retry/application-events.js';
import { WRITE_POSITION } from './pipeline/retry/application-events.sql.js';
import { groupDeadLetters, type DeadLetterGroups } from './pipeline/retry/dead-letter-groups.js';
import { EventEraser, type Erasure, type ErasureOptions } from './pipeline/retry/erasure.js';
import type { EventFilter } from './pipeline/retry/event-filter.js';
import { EventList, type EventPage } from './pipeline/retry/event-list.js';
import {
  EventOperations,
  type CancelledState,
  type RedeliveryFilter,
  type RedeliveryOptions,
} from './pipeline/retry/event-operations.js';
import type { EventDetails } from './pipeline/retry/event-summary.js';
import {
  DEFAULT_MINUTES,
  deliveryStatistics,
  type TriggerStatistics,
} from './pipeline/retry/statistics.js';
import {
  stalledAfterMs,
  stalledTriggers,
  type ProgressOptions,
  type StalledTrigger,
} from './pipeline/retry/stream-progress.js';
import { TriggerAdministration } from './trigger-administration.js';

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
export class EventTriggersService extends TriggerAdministration {
  /**
   * How this replica is: whether what it has attached is in force, and its dispatcher works. It asks nobody; a health
   * check may call it as often as it likes.
   *
   * @example
   * const { isHealthy, problems } = eventTriggers.health();
   */
  health(): Health {
    return this.lifecycle.health();
  }

  /**
   * The triggers that make no progress: something of them has waited for longer than `stalledAfter`, and nobody's attempt
   * at any of their events has ended since. A destination that fails is progress as long as it is attempted, and a
   * trigger that is paused, or kept back here for the sake of its destination, is not expected to make any.
   *
   * It reads what the database knows, so it can be wrong for a while: a `Retry-After` of longer than `stalledAfter` is
   * known to the replica that got it; the events of a transaction that took longer have waited since they were written
   * when it commits. Ask again before you wake anybody.
   *
   * @param stalledAfter from 10 seconds. Default: 5 minutes, which outlasts a deployment. It counts as no less than the timeout
   *   of a trigger and the longest pause of its breaker together, nor than what its rate limit puts between two events,
   *   nor, with `suspendAfter`, than `lookEvery`
   * @throws InvalidOptionsError
   *
   * @example
   * const stalled = await eventTriggers.checkProgress({ stalledAfter: '2m' });
   * if (stalled.length > 0) page(`nobody delivers ${stalled.map(({ name }) => name).join(', ')}`);
   */
  async checkProgress({ stalledAfter }: ProgressOptions = {}): Promise<StalledTrigger[]> {
    const { dispatcher, application } = this.options;
    const asked = stalledAfterMs(stalledAfter);
    const away =
      dispatcher !== false && dispatcher.suspendAfter !== null ? dispatcher.lookEvery : 0;
    const stalled = await stalledTriggers(
      this.run,
      this.schema,
      application,
      Math.max(asked, away),
    );
    const load = this.lifecycle.load();
    return stalled.filter(
      ({ name }) => load?.keptBack.has(name) !== true && (load?.inFlight.get(name) ?? 0) === 0,
    );
  }

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
      invokeStatement(this.schema),
      [name, this.options.application, JSON.stringify(payload ?? null)],
    );
    const invoked = rows[0];
    if (invoked === undefined) throw await this.unknownTrigger(name);
    if (invoked.number === null || invoked.created_at === null) throw notManual(name);
    return eventId(Number(invoked.installation), {
      number: invoked.number as EventNumber,
      createdAt: invoked.created_at,
    });
  }

  /**
   * Events of this application, the newest first, page by page: where each one is, and what came of its last attempt.
   * It takes no locks, and as long for the last page as for the first.
   *
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER` or `ET_INVALID_FILTER`
   *
   * @example
   * const { events, next } = await eventTriggers.listEvents({ trigger: 'order_created', state: 'retrying' });
   * const older = next && (await eventTriggers.listEvents({ trigger: 'order_created', state: 'retrying', after: next }));
   */
  async listEvents(filter: EventFilter = {}): Promise<EventPage> {
    return this.list().page(filter);
  }

  /**
   * One event with its rows and all its attempts, as long as the log keeps them.
   *
   * @param id as receivers see it
   * @throws EventTriggersError `ET_UNKNOWN_EVENT`, `ET_INVALID_EVENT_ID` or `ET_FOREIGN_EVENT_ID`
   *
   * @example
   * const { state, history } = await eventTriggers.getEvent(request.headers['webhook-id']);
   */
  async getEvent(id: string): Promise<EventDetails> {
    return this.list().details(id);
  }

  /**
   * How deliveries went, by trigger: attempts by the minute, what failed of them, how long they took. It is some seconds
   * behind. Triggers without attempts in that time are left out.
   *
   * @param minutes the last so many, the present one included, up to 1,440. Default: 60
   * @throws EventTriggersError `ET_INVALID_FILTER`
   *
   * @example
   * const { attempts, failed, p95 } = (await eventTriggers.statistics()).get('order_created') ?? {};
   */
  async statistics({ minutes = DEFAULT_MINUTES }: { readonly minutes?: number } = {}): Promise<
    Map<string, TriggerStatistics>
  > {
    return deliveryStatistics(this.run, this.schema, this.options.application, minutes);
  }

  /** How far the database has been written to: as long as it is the same, nothing here looks different. */
  async writePosition(): Promise<string> {
    const [row] = await this.run<{ position: string }>(WRITE_POSITION, []);
    return row?.position ?? '';
  }

  /**
   * Dead letters by trigger, reason and error, those that there are most of first: what there is to mend.
   *
   * @example
   * const { groups } = await eventTriggers.groupDeadLetters();
   */
  async groupDeadLetters(): Promise<DeadLetterGroups> {
    return groupDeadLetters(this.run, this.schema, this.options.application);
  }

  /**
   * Sends one event again, whether it is a dead letter, waits for another attempt, or was delivered and is still in
   * the log. It keeps its id, has all its attempts before it, and says so in the header `event-triggers-redelivery`.
   * One that waits for its first attempt, or was given up before it was ever delivered, is left alone.
   *
   * @param id as receivers see it
   * @throws EventTriggersError `ET_UNKNOWN_EVENT`, `ET_INVALID_EVENT_ID` or `ET_FOREIGN_EVENT_ID`
   */
  async redeliver(id: string): Promise<void> {
    await this.operations().redeliver(id);
  }

  /**
   * Sends many events again: dead letters, or, to replay a time, delivered ones. They are handed over in parts, beside
   * what the trigger delivers anyway.
   *
   * @returns how many; with `dryRun` how many it would be
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER` or `ET_TRIGGER_REQUIRED`
   *
   * @example
   * await eventTriggers.redeliverMany({ trigger: 'order_created', from: yesterday });
   * @example
   * await eventTriggers.redeliverMany(
   *   { trigger: 'order_created', state: 'delivered', from, to },
   *   { perSecond: 50, signal: AbortSignal.timeout(60_000) },
   * );
   */
  async redeliverMany(
    filter: RedeliveryFilter = {},
    options: RedeliveryOptions = {},
  ): Promise<number> {
    return this.operations().redeliverMany(filter, options);
  }

  /**
   * Gives up one event that waits: in the log, for another attempt, or as a dead letter.
   *
   * @param id as receivers see it
   * @returns `'cancelled'`; or `'in-flight'` or `'delivered'` where it is too late
   * @throws EventTriggersError `ET_UNKNOWN_EVENT`, `ET_INVALID_EVENT_ID` or `ET_FOREIGN_EVENT_ID`
   */
  async cancel(id: string): Promise<CancelledState> {
    return this.operations().cancel(id);
  }

  /**
   * Counts what waits of a trigger, and with `confirm` gives it up for good. What a replica has in hand goes out;
   * what is captured meanwhile waits on.
   *
   * @param confirm the count, to show that it was looked at; fewer than that may wait, more not
   * @returns how many waited
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`, or `ET_MORE_WAIT` where more wait than were confirmed
   *
   * @example
   * const waiting = await eventTriggers.purge('order_created');
   * await eventTriggers.purge('order_created', { confirm: waiting });
   */
  async purge(name: string, { confirm }: { readonly confirm?: number } = {}): Promise<number> {
    return this.operations().purge(name, confirm ?? null);
  }

  /**
   * Removes all traces of a row that triggers of this application have captured: its events with their images, all
   * attempts at them, retries, dead letters and cancellations, and what the inbox has of them. Other events are
   * delivered as if nothing had happened.
   *
   * Events are found by their key, and a change of the key by the new one, or by both where the trigger is ordered. What
   * is captured meanwhile stays, so delete the row first. It walks the whole log of each trigger, without holding up
   * anybody, and erases in parts of a moment each. On the disk the rows are gone with the next vacuum.
   *
   * @param key the row's key as text, as `key` of an event has it
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`, `ET_EVENT_IN_FLIGHT` while a replica has one of the events in hand,
   *   or `ET_EVENT_OWED` while one waits, unless `cancelWaiting` gives it up
   *
   * @example
   * const { events } = await eventTriggers.erase('4711', { dryRun: true });
   * await eventTriggers.erase('4711', { cancelWaiting: true });
   */
  async erase(key: string, options: ErasureOptions = {}): Promise<Erasure> {
    return new EventEraser(this.dataSource, this.options.schema, this.events()).erase(key, options);
  }

  /**
   * Takes over the log of a database that is a copy: restored from a dump, fed by logical replication, or started
   * under another `deployment`. Until then its dispatchers stand still and tell why; changes are captured on.
   *
   * It is for all applications of the database, takes as long as copying what waits, and goes wholly or not at all.
   * Every event that may not have been delivered counts as waiting; those of one row go out in the order of their
   * numbers, which after logical replication begin anew.
   *
   * @param waiting what becomes of the events that wait: `'deliver'` sends them from here, `'discard'` gives them up
   * @returns how many waited
   * @throws EventTriggersError `ET_NOTHING_TO_ADOPT` where dispatchers may deliver already
   *
   * @example
   * await eventTriggers.adopt('discard'); // in staging, made from a copy of production
   */
  async adopt(waiting: Adoption): Promise<number> {
    const { dataSource, schema } = this;
    return adoptLog({ dataSource, schema, deployment: this.options.deployment }, waiting);
  }

  private operations(): EventOperations {
    return new EventOperations(this.events(), this.schema);
  }

  private list(): EventList {
    const { webhookSecrets, webhookSecretHeader, signingKeys } = this.options;
    return new EventList(this.events(), this.schema, {
      secretHeader: webhookSecrets.length > 0 ? webhookSecretHeader : null,
      signs: signingKeys.length > 0,
    });
  }

  private events(): ApplicationEvents {
    return new ApplicationEvents(this.run, this.schema, this.options.application);
  }
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
