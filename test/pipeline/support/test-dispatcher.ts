import { DispatcherLease } from '../../../lib/pipeline/claim/dispatcher-lease.js';
import type { ClaimedBatch, Claims } from '../../../lib/pipeline/claim/claimed-rows.js';
import {
  EventClaimer,
  type ClaimLimits,
  type ClaimRequest,
} from '../../../lib/pipeline/claim/event-claimer.js';
import type { Database } from '../../../lib/database.js';
import type { ClaimedEvent, TriggerId } from '../../../lib/pipeline/event.js';
import type { Attempt, Decision, OpenBatch } from '../../../lib/pipeline/record/attempt.js';
import { AttemptRecorder } from '../../../lib/pipeline/record/attempt-recorder.js';
import { APPLICATION, type Engine } from './engine.js';

export interface TestDispatcherOptions extends Partial<ClaimLimits> {
  readonly application?: string;
  readonly leaseSeconds?: number;
  readonly connections?: Database;
}

/** The stages of a dispatcher without its loop: a test decides what happens and when. */
export class TestDispatcher {
  readonly lease: DispatcherLease;
  readonly claimer: EventClaimer;
  readonly recorder: AttemptRecorder;

  private constructor(
    readonly connections: Database,
    engine: Engine,
    {
      application = APPLICATION,
      leaseSeconds = 60,
      ...limits
    }: Omit<TestDispatcherOptions, 'connections'>,
  ) {
    this.lease = new DispatcherLease(connections, engine.schema, application, leaseSeconds);
    this.recorder = new AttemptRecorder(connections, engine.schema);
    this.claimer = new EventClaimer(connections, engine.schema, {
      events: 500,
      bytes: 8 * 1024 * 1024,
      batches: 4,
      ...limits,
    });
  }

  static async start(
    engine: Engine,
    { connections = engine.connect(), ...options }: TestDispatcherOptions = {},
  ): Promise<TestDispatcher> {
    const dispatcher = new TestDispatcher(connections, engine, options);
    await dispatcher.lease.register();
    return dispatcher;
  }

  get id(): string {
    return this.lease.id;
  }

  /** One cycle that asks the given streams whether or not there is news. */
  async claim(...streams: readonly TriggerId[]): Promise<Claims> {
    return this.cycle({ eligible: streams, hot: streams });
  }

  /** One cycle that asks the given streams only if the log has news of them. */
  async claimNews(...streams: readonly TriggerId[]): Promise<Claims> {
    return this.cycle({ eligible: streams });
  }

  async claimRetries(most: number, ...streams: readonly TriggerId[]): Promise<ClaimedEvent[]> {
    const { retries } = await this.cycle({ eligible: streams, retries: most });
    return retries;
  }

  async cycle(request: Partial<ClaimRequest>): Promise<Claims> {
    const { eligible = [], hot = [], retries = 0, retried = eligible, exclusive = [] } = request;
    return this.claimer.claim(this.id, { eligible, hot, retries, retried, exclusive });
  }

  /** Claims and records as delivered until nothing is left; returns the images' numbers in that order. */
  async drain(...streams: readonly TriggerId[]): Promise<number[]> {
    const numbers: number[] = [];
    for (;;) {
      const { batches, again } = await this.claim(...streams);
      for (const batch of batches) {
        numbers.push(...numbersOf(batch.events));
        await this.deliver(batch);
      }
      if (batches.length === 0 && again.length === 0) return numbers;
    }
  }

  /** Records all of a batch as delivered. */
  async deliver(batch: ClaimedBatch): Promise<void> {
    await this.record(attemptsAt(batch, { kind: 'delivered' }));
  }

  async record(attempts: readonly Attempt[]): Promise<void> {
    for (const attempt of attempts) this.recorder.add(attempt);
    await this.recorder.flush(this.id, () => performance.now());
  }

  async recover(streams: readonly TriggerId[], most = 8): Promise<ClaimedBatch[]> {
    return this.claimer.recover(this.id, streams, most);
  }
}

/** The `n` of each event's new image. */
export function numbersOf(events: readonly ClaimedEvent[]): number[] {
  return events.map((event) => (JSON.parse(event.new ?? '{}') as { n: number }).n);
}

/** One attempt at each event of a batch, all with the same end. */
export function attemptsAt(batch: ClaimedBatch, decision: Decision): Attempt[] {
  return attemptsAtEvents(batch.events, decision, openBatch(batch));
}

export function openBatch({ triggerId, id, claim, events }: ClaimedBatch): OpenBatch {
  return { triggerId, id, claim, open: events.length, held: true };
}

/** Attempts at events of one batch, or at retries where there is none. */
export function attemptsAtEvents(
  events: readonly ClaimedEvent[],
  decision: Decision,
  batch: OpenBatch | null = null,
  ordered = false,
): Attempt[] {
  return events.map((event) => ({
    event,
    batch,
    decision,
    ordered,
    holdsKey: false,
    outcome: decision.kind === 'parked' ? null : outcomeOf(decision),
    endedAt: performance.now(),
  }));
}

function outcomeOf({ kind }: Decision): Attempt['outcome'] {
  return {
    status: kind === 'delivered' ? 200 : 500,
    duration: 1 + Math.random() * 100,
    error: null,
    responseHeaders: null,
    responseBody: null,
  } as Attempt['outcome'];
}
