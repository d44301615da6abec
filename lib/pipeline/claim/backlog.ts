import type { ClaimedEvent, TriggerId } from '../event.js';
import { EventQueue } from './event-queue.js';
import { KeyLanes } from './key-lanes.js';

/** An event that waits here for a free slot, with what has to be known when it is over. */
export interface Waiting<Batch> {
  readonly event: ClaimedEvent;
  /** Null where the event is a retry. */
  readonly batch: Batch | null;
}

/** Where an event comes from, as far as its place among those of its trigger depends on it. */
export interface Arrival {
  /** Whether the events of its trigger are kept in order by key. */
  readonly ordered: boolean;
  /** The turn that claimed it. */
  readonly turn: number;
}

const AS_IT_COMES: Arrival = { ordered: false, turn: 0 };

/**
 * Claimed events that are not under way yet.
 *
 * Triggers take turns, so that a page of one does not make another wait; one that may not begin anything
 * gives up its turns until `wake`, and costs the others nothing meanwhile. Within a trigger the order is
 * that of the log, and of an ordered one the order by key.
 */
export class Backlog<Batch> {
  private readonly queues = new Map<TriggerId, EventQueue<Batch> | KeyLanes<Batch>>();
  private readonly turns = new Set<TriggerId>();
  private heldBytes = 0;

  /** @returns whether it is not to be attempted, since an earlier event of its key waits as a retry */
  add(item: Waiting<Batch>, arrival: Arrival = AS_IT_COMES): 'waits' | 'parked' {
    const queue = this.queueFor(item, arrival);
    if (queue.add(item, arrival.turn) === 'parked') return 'parked';
    this.hold(item);
    return 'waits';
  }

  /** Puts an event before those of its trigger that wait: it has waited longer. Keys have an order of their own. */
  addFirst(item: Waiting<Batch>, arrival: Arrival = AS_IT_COMES): 'waits' | 'parked' {
    const queue = this.queueFor(item, arrival);
    if (queue instanceof KeyLanes) return this.add(item, arrival);
    queue.addFirst(item);
    this.hold(item);
    return 'waits';
  }

  /** The next event of the trigger whose turn it is, of those that may begin one. */
  next(mayBegin: (trigger: TriggerId) => boolean = () => true): Waiting<Batch> | undefined {
    for (const trigger of this.turns) {
      this.turns.delete(trigger);
      const queue = this.queues.get(trigger);
      if (queue === undefined || !queue.hasNext || !mayBegin(trigger)) continue;
      const item = queue.next();
      this.wake(trigger);
      if (item === undefined) continue;
      this.heldBytes -= sizeOf(item.event);
      return item;
    }
    return undefined;
  }

  /** The next event of this trigger, if it is wanted. */
  nextOf(
    trigger: TriggerId,
    isWanted: (event: ClaimedEvent) => boolean,
  ): Waiting<Batch> | undefined {
    const queue = this.queues.get(trigger);
    const item = queue?.peek();
    if (queue === undefined || item === undefined || !isWanted(item.event)) return undefined;
    this.heldBytes -= sizeOf(item.event);
    return queue.next();
  }

  /** The trigger may begin something again. */
  wake(trigger: TriggerId): void {
    if (this.queues.get(trigger)?.hasNext === true) this.turns.add(trigger);
  }

  /** It is over, and later ones of its key may go. */
  finish(item: Waiting<Batch>): void {
    const { triggerId } = item.event;
    this.lanes(triggerId)?.finish(item);
    this.wake(triggerId);
  }

  /** It waits for another attempt: takes out those that wait for it, which are to be parked. */
  fail(item: Waiting<Batch>): Waiting<Batch>[] {
    const parked = this.lanes(item.event.triggerId)?.fail(item) ?? [];
    for (const { event } of parked) this.heldBytes -= sizeOf(event);
    return parked;
  }

  /** Takes out all of a trigger that is not under way: it is to be parked. */
  withdraw(trigger: TriggerId): Waiting<Batch>[] {
    const items = this.queues.get(trigger)?.withdraw() ?? [];
    for (const { event } of items) this.heldBytes -= sizeOf(event);
    return items;
  }

  /** The database holds these, of one trigger, as retries. */
  recorded(
    trigger: TriggerId,
    events: readonly ClaimedEvent[],
    turn: number,
    oldest: number,
  ): void {
    this.lanes(trigger)?.recorded(events, turn, oldest);
  }

  waiting(trigger: TriggerId): number {
    return this.queues.get(trigger)?.size ?? 0;
  }

  /** Those of all triggers. */
  get size(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.size, 0);
  }

  /** Characters of row images, which is bytes as long as they are ASCII. */
  get bytes(): number {
    return this.heldBytes;
  }

  clear(): void {
    this.queues.clear();
    this.turns.clear();
    this.heldBytes = 0;
  }

  private lanes(trigger: TriggerId): KeyLanes<Batch> | undefined {
    const queue = this.queues.get(trigger);
    return queue instanceof KeyLanes ? queue : undefined;
  }

  private hold({ event }: Waiting<Batch>): void {
    this.heldBytes += sizeOf(event);
    this.wake(event.triggerId);
  }

  /** A definition that asks for another order counts once nothing is left in the old one. */
  private queueFor(
    { event: { triggerId } }: Waiting<Batch>,
    { ordered }: Arrival,
  ): EventQueue<Batch> | KeyLanes<Batch> {
    const known = this.queues.get(triggerId);
    if (known !== undefined && (known instanceof KeyLanes === ordered || !known.isEmpty))
      return known;
    const queue = ordered ? new KeyLanes<Batch>() : new EventQueue<Batch>();
    this.queues.set(triggerId, queue);
    return queue;
  }
}

const sizeOf = (event: ClaimedEvent): number => (event.old?.length ?? 0) + (event.new?.length ?? 0);
