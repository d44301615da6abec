import { Backlog, type Waiting } from './claim/backlog.js';
import type { StoredBundle, StoredTrigger } from './attach/stored-trigger.js';
import { BundleRoom } from './deliver/bundle.js';
import type { WebhookDestination } from './deliver/destination.js';
import type { EventDeliverer } from './deliver/event-deliverer.js';
import type { Outcome } from './deliver/outcome.js';
import type { DeliveryNews } from './delivery-news.js';
import type { DispatcherObserver } from './dispatcher-observer.js';
import type { ClaimedEvent, TriggerId } from './event.js';
import { holdsUp, type Attempt, type OpenBatch } from './record/attempt.js';
import type { AttemptRecorder } from './record/attempt-recorder.js';
import { decide } from './retry/retry-policy.js';
import type { DeliveryTally } from './record/delivery-tally.js';
import type { TriggerHealth } from './retry/trigger-health.js';
import type { Pass } from './stream-gate.js';
import type { Stream, Streams } from './streams.js';

/** Memory that events may take while they wait. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** One of which nothing waits may claim beyond it, so that a few that hang do not keep the others out. */
const MOST_BYTES_IN_ALL = 2 * MOST_WAITING_BYTES;

/** What a delivery passes through. */
export interface DeliveryStages {
  readonly deliverer: EventDeliverer;
  readonly recorder: AttemptRecorder;
  readonly health: TriggerHealth;
  readonly tally: Pick<DeliveryTally, 'count'>;
  readonly observer?: DispatcherObserver;
}

/** What a dispatcher says about its deliveries, and wants to hear of them. */
export interface DeliveryTerms {
  /** Attempts under way at the same time, over all triggers. */
  readonly concurrency: number;
  /** Events of a trigger that wait here, beyond which no page of it is claimed. */
  readonly batchSize: number;
  /** Whether what is in hand is still this dispatcher's. */
  mayBegin(): boolean;
  /** Called after each attempt, and when a trigger may begin one again. */
  ended(trigger: TriggerId): void;
}

/**
 * Claimed events from here to their outcome, so many at a time.
 *
 * What must hold: every event that is added is attempted and then recorded, unless it is cleared before its
 * turn, and no transaction is open meanwhile; a trigger that hangs, fails or waits keeps no other one waiting.
 */
export class Deliveries {
  private readonly backlog = new Backlog<OpenBatch>();
  /** Until triggers may begin something again. */
  private readonly waits = new Map<TriggerId, NodeJS.Timeout>();
  private underWay = 0;
  private turn = 0;
  private readonly turnsUnderWay = new Set<number>();
  private closed = false;
  /** Whether `begin` is about to run. */
  private isBeginning = false;
  private idle: (() => void) | null = null;

  constructor(
    private readonly stages: DeliveryStages,
    private readonly streams: Streams,
    private readonly news: DeliveryNews,
    private readonly terms: DeliveryTerms,
  ) {}

  /** Makes a claim and adds what it brings: that may be older than what is recorded meanwhile. */
  async during(claim: (turn: number) => Promise<void>): Promise<void> {
    const turn = (this.turn += 1);
    this.turnsUnderWay.add(turn);
    try {
      await claim(turn);
    } finally {
      this.turnsUnderWay.delete(turn);
    }
  }

  /** Puts the events of a page behind those that wait; `begin` sends them. */
  add(events: readonly ClaimedEvent[], batch: OpenBatch, turn: number): void {
    const arrival = { ordered: this.isOrdered(batch.triggerId), turn };
    for (const event of events) {
      const item = { event, batch };
      if (this.backlog.add(item, arrival) === 'parked') this.park(item);
    }
    this.handBackPaused(batch.triggerId);
  }

  /** Puts retries before those that wait. */
  addRetries(events: readonly ClaimedEvent[], turn: number): void {
    const add = (event: ClaimedEvent, how: 'add' | 'addFirst'): void => {
      const item = { event, batch: null };
      const arrival = { ordered: this.isOrdered(event.triggerId), turn };
      if (this.backlog[how](item, arrival) === 'parked') this.park(item);
    };
    const inOrder = events.toSorted((one, other) => Number(one.number) - Number(other.number));
    for (const event of inOrder) if (this.isOrdered(event.triggerId)) add(event, 'add');
    for (const event of events.toReversed())
      if (!this.isOrdered(event.triggerId)) add(event, 'addFirst');
    for (const trigger of new Set(events.map(({ triggerId }) => triggerId)))
      this.handBackPaused(trigger);
  }

  /**
   * What waits here of a paused trigger waits in the database instead, where it can be counted and given up, and
   * holds no batch open.
   */
  handBackPaused(trigger: TriggerId): void {
    if (this.streams.get(trigger)?.trigger.paused !== true) return;
    for (const item of this.backlog.withdraw(trigger)) this.park(item);
    this.terms.ended(trigger);
  }

  /** Begins as many attempts as there is room for. */
  begin(): void {
    while (this.underWay < this.terms.concurrency && !this.closed && this.terms.mayBegin()) {
      const waiting = this.backlog.next((trigger) => this.mayBegin(trigger));
      if (waiting === undefined) return;
      this.underWay += 1;
      void this.attempt(waiting);
    }
  }

  /** The database holds what became of these. */
  recorded(attempts: readonly Attempt[]): void {
    const oldest = Math.min(this.turn, ...this.turnsUnderWay);
    // What was parked as one of an ordered trigger may be recorded as one of a trigger that is none any more.
    const held = attempts
      .filter((attempt) => attempt.decision.kind === 'parked' || holdsUp(attempt))
      .map(({ event }) => event);
    for (const trigger of new Set(held.map(({ triggerId }) => triggerId))) {
      const events = held.filter(({ triggerId }) => triggerId === trigger);
      this.backlog.recorded(trigger, events, this.turn, oldest);
    }
  }

  /** The definition of a trigger has changed, or its delivery was resumed. */
  reopen(trigger: TriggerId): void {
    this.wake(trigger);
  }

  /** Attempts that could begin at once. */
  get room(): number {
    return Math.max(0, this.terms.concurrency - this.underWay);
  }

  /** Whether another page of the trigger may be claimed: it is fetched while one still waits. */
  hasRoom(trigger: TriggerId): boolean {
    if (!this.mayClaim(trigger)) return false;
    const waiting = this.backlog.waiting(trigger);
    if (waiting > this.terms.batchSize) return false;
    return this.backlog.bytes < (waiting === 0 ? MOST_BYTES_IN_ALL : MOST_WAITING_BYTES);
  }

  /** Whether anything is to be claimed for a trigger. */
  mayClaim(trigger: TriggerId): boolean {
    return this.streams.get(trigger)?.gate.mayClaim(now()) ?? false;
  }

  /** Events that are claimed and wait for their turn. */
  get waiting(): number {
    return this.backlog.size;
  }

  /** Whether an attempt is under way or waits for its turn. */
  get isBusy(): boolean {
    return this.underWay > 0 || this.backlog.bytes > 0;
  }

  /** Whether as much waits here as may. */
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
    for (const wait of this.waits.values()) clearTimeout(wait);
    this.waits.clear();
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
  private async attempt(item: Waiting<OpenBatch>): Promise<void> {
    const { triggerId } = item.event;
    const stream = this.streams.get(triggerId);
    if (stream === undefined) this.backlog.finish(item);
    else if (stream.trigger.bundle !== undefined && !('handle' in stream.destination))
      await this.deliverBundle(item, stream, stream.trigger.bundle, stream.destination);
    else {
      // Not by a method that waits for it: each promise that another one waits for costs a sender of many events.
      const pass = stream.gate.begin(now());
      this.stages.observer?.attemptBegan(stream.trigger.name, item.event);
      const outcome = await this.stages.deliverer.deliver(stream.destination, item.event);
      const endedAt = now();
      this.settle(item, outcome, stream.trigger, endedAt);
      this.judge(stream, pass, outcome, endedAt);
    }
    this.underWay -= 1;
    if (this.closed && this.underWay === 0) this.idle?.();
    this.wake(triggerId, stream);
    this.beginSoon();
    this.terms.ended(triggerId);
  }

  /**
   * Once for all attempts that end in the same turn of the event loop: requests that go out together wake their
   * receiver once, and it is the waking that costs both sides.
   */
  private beginSoon(): void {
    if (this.isBeginning) return;
    this.isBeginning = true;
    setImmediate(() => {
      this.isBeginning = false;
      this.begin();
    });
  }

  private async deliverBundle(
    first: Waiting<OpenBatch>,
    stream: Stream,
    bundle: StoredBundle,
    destination: WebhookDestination,
  ): Promise<void> {
    const pass = stream.gate.begin(now());
    const items = this.bundleWith(first, bundle, destination.maxBodyBytes);
    for (const { event } of items) this.stages.observer?.attemptBegan(stream.trigger.name, event);
    const { whole, each } = await this.stages.deliverer.deliverBundle(
      destination,
      items.map(({ event }) => event),
    );
    const endedAt = now();
    items.forEach((one, place) => this.settle(one, each[place]!, stream.trigger, endedAt));
    this.judge(stream, pass, whole, endedAt);
  }

  /** What goes out in one request with it. */
  private bundleWith(
    item: Waiting<OpenBatch>,
    { size }: StoredBundle,
    bytes: number,
  ): Waiting<OpenBatch>[] {
    const room = new BundleRoom(size, bytes);
    room.takes(item.event);
    const items = [item];
    for (;;) {
      const next = this.backlog.nextOf(item.event.triggerId, (event) => room.takes(event));
      if (next === undefined) return items;
      items.push(next);
    }
  }

  /** What a request says about its destination. */
  private judge({ trigger, gate }: Stream, pass: Pass, outcome: Outcome, endedAt: number): void {
    const change = gate.end(pass, outcome, endedAt);
    this.news.hearOfBreaker(trigger, change);
    if (outcome.kind === 'gone') gate.shut();
    this.stages.health.note(trigger, outcome.kind === 'gone' ? 'gone' : change);
  }

  /** What it says about an event. */
  private settle(
    item: Waiting<OpenBatch>,
    outcome: Outcome,
    trigger: StoredTrigger,
    endedAt: number,
  ): void {
    const decision = decide(outcome, item.event, trigger.retry, Date.now());
    const ordered = trigger.ordering === 'row';
    const holdsKey = decision.kind === 'dead' && trigger.whenExhausted === 'hold-key';
    // Spelled out, since a spread costs as much as all else here.
    const { event, batch } = item;
    const attempt = { event, batch, outcome, decision, ordered, holdsKey, endedAt };
    this.stages.recorder.add(attempt);
    if (holdsUp(attempt)) for (const behind of this.backlog.fail(item)) this.park(behind);
    else this.backlog.finish(item);
    this.stages.tally.count(trigger.id, outcome);
    this.stages.observer?.attemptEnded(trigger, outcome, decision);
    this.news.hear(trigger, outcome, decision);
  }

  /** It waits in the database, for earlier ones of its key or for whoever resumes its trigger. */
  private park(item: Waiting<OpenBatch>): void {
    const decision = { kind: 'parked' } as const;
    this.stages.recorder.add({
      ...item,
      outcome: null,
      decision,
      ordered: this.isOrdered(item.event.triggerId),
      holdsKey: false,
      endedAt: now(),
    });
  }

  private isOrdered(trigger: TriggerId): boolean {
    return this.streams.get(trigger)?.trigger.ordering === 'row';
  }

  private mayBegin(trigger: TriggerId): boolean {
    // One that this replica does not know is let through, to be let go of.
    const stream = this.streams.get(trigger);
    if (stream === undefined) return true;
    const opensIn = stream.gate.opensIn(now(), this.backlog.waiting(trigger));
    if (opensIn === 0) return true;
    if (opensIn !== null) this.wakeAfter(trigger, opensIn);
    return false;
  }

  private wakeAfter(trigger: TriggerId, milliseconds: number): void {
    clearTimeout(this.waits.get(trigger));
    const wait = setTimeout(() => {
      this.waits.delete(trigger);
      this.wake(trigger);
      this.begin();
      this.terms.ended(trigger);
    }, milliseconds);
    this.waits.set(trigger, wait);
  }

  /** It may begin something; where nothing of it waits here, it is claimed when its breaker lets a probe through. */
  private wake(trigger: TriggerId, stream = this.streams.get(trigger)): void {
    this.backlog.wake(trigger);
    if (stream === undefined || this.closed || stream.gate.mayClaim(now())) return;
    const opensIn = stream.gate.opensIn(now());
    if (opensIn !== null) this.wakeAfter(trigger, opensIn);
  }
}

const now = (): number => performance.now();
