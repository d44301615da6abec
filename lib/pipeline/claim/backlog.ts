import type { ClaimedEvent, TriggerId } from '../event.js';

/** An event that waits here for a free connection, with what has to be known when it is over. */
export interface Waiting<Batch> {
  readonly event: ClaimedEvent;
  /** Null where the event is a retry. */
  readonly batch: Batch | null;
}

/** Consumed places at the head of a queue are cut off in steps, not one by one. */
const CUT_AFTER = 1024;

class Queue<Batch> {
  private items: Waiting<Batch>[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  push(item: Waiting<Batch>): void {
    this.items.push(item);
  }

  unshift(item: Waiting<Batch>): void {
    if (this.head === 0) this.items.unshift(item);
    else this.items[(this.head -= 1)] = item;
  }

  shift(): Waiting<Batch> | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.head += 1;
    if (this.head === this.items.length || this.head === CUT_AFTER) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}

/**
 * Claimed events that are not under way yet, a queue per trigger.
 *
 * Triggers take turns, so that a page of one does not make another wait; within a trigger the order is the
 * order of the log.
 */
export class Backlog<Batch> {
  private readonly queues = new Map<TriggerId, Queue<Batch>>();
  private turns: TriggerId[] = [];
  private heldBytes = 0;

  add(item: Waiting<Batch>): void {
    this.queueFor(item).push(item);
  }

  /** Puts an event before those of its trigger that wait: it has waited longer. */
  addFirst(item: Waiting<Batch>): void {
    this.queueFor(item).unshift(item);
  }

  /** The next event of the trigger whose turn it is. */
  next(): Waiting<Batch> | undefined {
    const triggerId = this.turns.shift();
    if (triggerId === undefined) return undefined;
    const queue = this.queues.get(triggerId);
    const item = queue?.shift();
    if (queue === undefined || item === undefined) return undefined;
    if (queue.size > 0) this.turns.push(triggerId);
    this.heldBytes -= sizeOf(item.event);
    return item;
  }

  waiting(triggerId: TriggerId): number {
    return this.queues.get(triggerId)?.size ?? 0;
  }

  /** Characters of row images, which is bytes as long as they are ASCII. */
  get bytes(): number {
    return this.heldBytes;
  }

  clear(): void {
    this.queues.clear();
    this.turns = [];
    this.heldBytes = 0;
  }

  /** The queue that is about to get this event. */
  private queueFor({ event }: Waiting<Batch>): Queue<Batch> {
    let queue = this.queues.get(event.triggerId);
    if (queue === undefined) {
      queue = new Queue();
      this.queues.set(event.triggerId, queue);
    }
    if (queue.size === 0) this.turns.push(event.triggerId);
    this.heldBytes += sizeOf(event);
    return queue;
  }
}

const sizeOf = (event: ClaimedEvent): number => (event.old?.length ?? 0) + (event.new?.length ?? 0);
