import { Backlog, type Waiting } from './claim/backlog.js';
import type { EventDeliverer } from './deliver/event-deliverer.js';
import type { ClaimedEvent, TriggerId } from './event.js';
import type { OpenBatch } from './record/attempt.js';
import type { AttemptRecorder } from './record/attempt-recorder.js';
import type { DeliveryNews } from './delivery-news.js';
import { decide } from './retry/retry-policy.js';
import type { Streams } from './streams.js';

/** Memory that events may take while they wait. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;

/** What a delivery passes through. */
export interface DeliveryStages {
  readonly deliverer: EventDeliverer;
  readonly recorder: AttemptRecorder;
}

/**
 * Claimed events from here to their outcome, so many at a time.
 *
 * What must hold: every event that is added is attempted and then recorded, unless it is cleared before its
 * turn, and no transaction is open meanwhile.
 */
export class Deliveries {
  private readonly backlog = new Backlog<OpenBatch>();
  private underWay = 0;
  private closed = false;
  private idle: (() => void) | null = null;

  constructor(
    private readonly stages: DeliveryStages,
    private readonly streams: Streams,
    private readonly news: DeliveryNews,
    private readonly concurrency: number,
    /** Called after each attempt. */
    private readonly ended: (trigger: TriggerId) => void,
  ) {}

  /** Puts the events of a page behind those that wait; `begin` sends them. */
  add(events: readonly ClaimedEvent[], batch: OpenBatch): void {
    for (const event of events) this.backlog.add({ event, batch });
  }

  /** Puts retries before those that wait. */
  addRetries(events: readonly ClaimedEvent[]): void {
    for (const event of events.toReversed()) this.backlog.addFirst({ event, batch: null });
  }

  /** Begins as many attempts as there is room for. */
  begin(): void {
    while (this.underWay < this.concurrency && !this.closed) {
      const waiting = this.backlog.next();
      if (waiting === undefined) return;
      this.underWay += 1;
      void this.attempt(waiting);
    }
  }

  /** Attempts that could begin at once. */
  get room(): number {
    return Math.max(0, this.concurrency - this.underWay);
  }

  waiting(trigger: TriggerId): number {
    return this.backlog.waiting(trigger);
  }

  /** Whether as much waits here as may: nothing more is to be claimed. */
  get isFull(): boolean {
    return this.backlog.bytes >= MOST_WAITING_BYTES;
  }

  /** Lets go of all that is not under way. */
  clear(): void {
    this.backlog.clear();
  }

  /** Begins nothing more, and resolves when nothing is under way any more, or after `milliseconds`. */
  async drain(milliseconds: number): Promise<void> {
    this.closed = true;
    this.clear();
    if (this.underWay === 0) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(resolve, milliseconds);
      this.idle = () => {
        clearTimeout(deadline);
        resolve();
      };
    });
  }

  /** Never rejects: whatever goes wrong with one event is its outcome. */
  private async attempt({ event, batch }: Waiting<OpenBatch>): Promise<void> {
    const { deliverer, recorder } = this.stages;
    const stream = this.streams.get(event.triggerId);
    if (stream !== undefined) {
      const outcome = await deliverer.deliver(stream.destination, event);
      const decision = decide(outcome, event, stream.trigger.retry, Date.now());
      this.news.hear(stream.trigger, outcome, decision);
      recorder.add({ event, batch, outcome, decision, endedAt: performance.now() });
    }
    this.underWay -= 1;
    if (this.closed && this.underWay === 0) this.idle?.();
    this.begin();
    this.ended(event.triggerId);
  }
}
