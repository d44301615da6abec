import { setTimeout as sleep } from 'node:timers/promises';
import { EventTriggersError } from '../../event-triggers.errors.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { TriggerId } from '../event.js';
import { unknownEvent, type ApplicationEvents } from './application-events.js';
import { eventOperationStatements, type EventOperationStatements } from './event-operations.sql.js';

/** Events that are handed over in one transaction: a moment's work. */
const CHUNK = 500;
const SECOND = 1_000;

/** Which events to send again. Times are those of the change. */
export interface RedeliveryFilter {
  /** Of this trigger. Default, for dead letters: of all triggers of the application. */
  readonly trigger?: string;
  /** Dead letters, or events that were delivered, as long as the log keeps them. Default: `'dead'`. */
  readonly state?: 'dead' | 'delivered';
  readonly from?: Date;
  /** Not included. */
  readonly to?: Date;
  /** Why they were given up: `'exhausted'`, `'too-old'`, `'rejected'` or `'lease-lost'`. */
  readonly reason?: string;
  /** What the last attempt of a dead letter came to, such as `'HTTP_503'`. */
  readonly errorCode?: string;
  /** The row's key as text. */
  readonly key?: string;
}

/** How to send them. */
export interface RedeliveryOptions {
  /** Only counts. Default: false. */
  readonly dryRun?: boolean;
  /** Events a second that are handed over. Default: as fast as it goes. */
  readonly perSecond?: number;
  /** Called after each part, with how many there are so far. */
  readonly onProgress?: (redelivered: number) => void;
  /** Ends it after the part that is under way; what was handed over is sent. */
  readonly signal?: AbortSignal;
}

/** What became of an event that was to be cancelled. */
export type CancelledState = 'cancelled' | 'in-flight' | 'delivered';

/** What people do to single events and to many: send them again, or give them up. */
export class EventOperations {
  private readonly statements: EventOperationStatements;
  private readonly run: ApplicationEvents['run'];

  constructor(
    private readonly events: ApplicationEvents,
    schema: QuotedIdentifier,
  ) {
    this.run = events.run;
    this.statements = eventOperationStatements(schema);
  }

  async redeliver(id: string): Promise<void> {
    const { number, millisecond } = await this.events.placeOf(id);
    const triggers = [...(await this.events.triggers()).values()];
    const due = await this.run(this.statements.makeDue, [triggers, number, millisecond]);
    if (due.length > 0) return;
    const [dead] = await this.run<{ moved: number }>(this.statements.redeliverDead, [
      triggers,
      [number],
      null,
      null,
      null,
      null,
      null,
      null,
      1,
    ]);
    if (dead!.moved > 0) return;
    const logged = await this.run(this.statements.redeliverLogged, [triggers, number, millisecond]);
    if (logged.length === 0) throw unknownEvent(id);
  }

  async redeliverMany(filter: RedeliveryFilter, options: RedeliveryOptions): Promise<number> {
    const triggers = await this.triggersOf(filter);
    if (options.dryRun === true) return this.count(filter, triggers);
    const { perSecond, onProgress, signal } = options;
    const begun = performance.now();
    let redelivered = 0;
    for await (const part of this.parts(filter, triggers, options)) {
      redelivered += part;
      onProgress?.(redelivered);
      if (perSecond !== undefined)
        await pause(begun + (redelivered / perSecond) * SECOND - performance.now(), signal);
      if (isAborted(signal)) break;
    }
    return redelivered;
  }

  async cancel(id: string): Promise<CancelledState> {
    const { number, millisecond } = await this.events.placeOf(id);
    const triggers = [...(await this.events.triggers()).values()];
    const [row] = await this.run<{ fate: CancelledState | null }>(this.statements.cancel, [
      triggers,
      number,
      millisecond,
    ]);
    const fate = row?.fate ?? null;
    if (fate === null) throw unknownEvent(id);
    return fate;
  }

  async purge(trigger: string, confirm: number | null): Promise<number> {
    const [id] = await this.triggersOf({ trigger });
    // What is captured after this waits on.
    await this.run(this.statements.tick, []);
    const [row] = await this.run<{ waiting: number; purged: boolean }>(this.statements.purge, [
      id,
      confirm,
    ]);
    const { waiting, purged } = row!;
    if (confirm !== null && !purged) {
      throw new EventTriggersError(
        'ET_MORE_WAIT',
        `${waiting} events of "${trigger}" wait, which is more than the ${confirm} that were confirmed`,
        { hint: 'Look at them again, and confirm the new count.' },
      );
    }
    return waiting;
  }

  private async *parts(
    filter: RedeliveryFilter,
    triggers: readonly number[],
    { perSecond }: RedeliveryOptions,
  ): AsyncGenerator<number> {
    // A part is what a second brings at most, so that a rate is even.
    const most = Math.max(1, Math.min(CHUNK, Math.floor(perSecond ?? CHUNK)));
    if (filter.state === 'delivered') return yield* this.deliveredParts(filter, triggers[0]!, most);
    // One that dies again meanwhile is not sent once more.
    const [begun] = await this.run<{ now: string }>(this.statements.now, []);
    for (;;) {
      const [row] = await this.run<{ moved: number }>(this.statements.redeliverDead, [
        triggers,
        null,
        filter.from ?? null,
        filter.to ?? null,
        filter.reason ?? null,
        filter.errorCode ?? null,
        filter.key ?? null,
        begun!.now,
        most,
      ]);
      if (row!.moved === 0) return;
      yield row!.moved;
    }
  }

  private async *deliveredParts(
    filter: RedeliveryFilter,
    trigger: number,
    most: number,
  ): AsyncGenerator<number> {
    let last = '0';
    for (;;) {
      const [row] = await this.run<{ redelivered: number; last_number: string | null }>(
        this.statements.redeliverDelivered,
        [trigger, last, filter.from ?? null, filter.to ?? null, filter.key ?? null, most],
      );
      if (row?.last_number === null || row === undefined) return;
      last = row.last_number;
      yield row.redelivered;
    }
  }

  private async count(filter: RedeliveryFilter, triggers: readonly number[]): Promise<number> {
    const { from = null, to = null, reason = null, errorCode = null, key = null } = filter;
    const [row] =
      filter.state === 'delivered'
        ? await this.run<{ events: number }>(this.statements.countDelivered, [
            triggers[0],
            from,
            to,
            key,
          ])
        : await this.run<{ events: number }>(this.statements.countDead, [
            triggers,
            from,
            to,
            reason,
            errorCode,
            key,
          ]);
    return row!.events;
  }

  private async triggersOf({ trigger, state }: RedeliveryFilter): Promise<TriggerId[]> {
    const triggers = await this.events.triggers();
    if (trigger !== undefined) return this.events.named([trigger], triggers);
    if (state !== 'delivered') return [...triggers.values()];
    throw new EventTriggersError(
      'ET_TRIGGER_REQUIRED',
      'Delivered events are sent again for one trigger at a time',
      { hint: 'Add trigger to the filter.' },
    );
  }
}

/** The type of a signal's flag does not expect it to change. */
const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted ?? false;

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (milliseconds <= 0 || isAborted(signal)) return;
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
