import type { Waiting } from './backlog.js';

/** Consumed places at the head of a queue are cut off in steps, not one by one. */
const CUT_AFTER = 1024;

/** The events in hand of one trigger, in the order in which they came. */
export class EventQueue<Batch> {
  private items: Waiting<Batch>[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  get hasNext(): boolean {
    return this.size > 0;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  add(item: Waiting<Batch>, _turn: number): 'waits' {
    this.items.push(item);
    return 'waits';
  }

  addFirst(item: Waiting<Batch>): void {
    if (this.head === 0) this.items.unshift(item);
    else this.items[(this.head -= 1)] = item;
  }

  /** Lets go of all, and returns it. */
  withdraw(): Waiting<Batch>[] {
    const left = this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return left;
  }

  /** What `next` gives. */
  peek(): Waiting<Batch> | undefined {
    return this.items[this.head];
  }

  next(): Waiting<Batch> | undefined {
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
