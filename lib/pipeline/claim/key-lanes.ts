import { keysOf, type ClaimedEvent } from '../event.js';
import type { Waiting } from './backlog.js';
import { Obstacles } from './key-obstacles.js';

/**
 * The events in hand of one ordered trigger, a lane per key.
 *
 * The first of a lane may be under way; the others wait for it. A change that gave a row another key stands
 * in both lanes and waits for both. What must hold: events of one key leave here one at a time in the order
 * in which they came, and after one that has to be tried again none does.
 */
export class KeyLanes<Batch> {
  private readonly lanes = new Map<string, Waiting<Batch>[]>();
  private readonly obstacles = new Obstacles();
  private readonly ready = new Set<Waiting<Batch>>();
  private readonly underWay = new Set<Waiting<Batch>>();
  private inHand = 0;

  /**
   * @param turn the turn that claimed it
   * @returns whether it has to be parked, since an earlier event of its key waits as a retry
   */
  add(item: Waiting<Batch>, turn: number): 'waits' | 'parked' {
    if (this.isBlocked(item, turn)) {
      this.obstacles.add(item.event);
      return 'parked';
    }
    this.inHand += 1;
    for (const key of keysOf(item.event)) {
      const lane = this.lanes.get(key);
      if (lane === undefined) this.lanes.set(key, [item]);
      else lane.push(item);
    }
    this.offer(item);
    return 'waits';
  }

  /** What `next` gives. */
  peek(): Waiting<Batch> | undefined {
    const [item] = this.ready;
    return item;
  }

  /** One whose turn has come, if there is any. It has to end with `finish` or `fail`. */
  next(): Waiting<Batch> | undefined {
    const [item] = this.ready;
    if (item === undefined) return undefined;
    this.ready.delete(item);
    this.underWay.add(item);
    return item;
  }

  /** Those that are not under way. */
  get size(): number {
    return this.inHand - this.underWay.size;
  }

  /** Whether it may be forgotten: nothing is in hand, and nothing known that claims do not know. */
  get isEmpty(): boolean {
    return this.inHand === 0 && this.obstacles.isEmpty;
  }

  /** Whether `next` has one. */
  get hasNext(): boolean {
    return this.ready.size > 0;
  }

  /** It is through, or given up in a way that lets later ones go on. */
  finish(item: Waiting<Batch>): void {
    if (!this.underWay.delete(item)) return;
    this.leave([item]);
  }

  /**
   * It stands in the way of later ones of its keys.
   *
   * @returns those of them that are in hand, to be parked: also those that wait for one of these
   */
  fail(item: Waiting<Batch>): Waiting<Batch>[] {
    if (!this.underWay.delete(item)) return [];
    const stuck = new Set([item]);
    for (const one of stuck) {
      for (const key of keysOf(one.event)) {
        const lane = this.lane(key);
        const place = lane.indexOf(one);
        if (place >= 0) for (const behind of lane.slice(place + 1)) stuck.add(behind);
      }
    }
    for (const one of stuck) {
      this.ready.delete(one);
      this.obstacles.add(one.event);
    }
    this.leave([...stuck]);
    stuck.delete(item);
    return [...stuck];
  }

  /** Lets go of all that is not under way, and returns it, to be parked. */
  withdraw(): Waiting<Batch>[] {
    const left = new Set(
      [...this.lanes.values()].flat().filter((item) => !this.underWay.has(item)),
    );
    for (const item of left) {
      this.ready.delete(item);
      this.obstacles.add(item.event);
    }
    this.leave([...left]);
    return [...left];
  }

  /**
   * The database holds these as retries: what is claimed after this turn knows of them by itself.
   *
   * @param oldest the oldest turn that is still under way, whose page may be older than what is forgotten here
   */
  recorded(events: readonly ClaimedEvent[], turn: number, oldest: number): void {
    this.obstacles.recorded(events, turn, oldest);
  }

  private isBlocked({ event, batch }: Waiting<Batch>, turn: number): boolean {
    if (event.parked) return true;
    return batch === null
      ? this.obstacles.blocksRetry(event, turn)
      : this.obstacles.blocksNew(event, turn);
  }

  private lane(key: string): readonly Waiting<Batch>[] {
    return this.lanes.get(key) ?? [];
  }

  private leave(items: readonly Waiting<Batch>[]): void {
    this.inHand -= items.length;
    const gone = new Set(items);
    const keys = new Set(items.flatMap(({ event }) => keysOf(event)));
    for (const key of keys) {
      const left = this.lane(key).filter((item) => !gone.has(item));
      if (left.length === 0) this.lanes.delete(key);
      else this.lanes.set(key, left);
    }
    for (const key of keys) {
      const [first] = this.lane(key);
      if (first !== undefined) this.offer(first);
    }
  }

  /** It is ready if it is the first of all its lanes. */
  private offer(item: Waiting<Batch>): void {
    if (this.underWay.has(item)) return;
    if (keysOf(item.event).every((key) => this.lane(key)[0] === item)) this.ready.add(item);
  }
}
