import type { Counter, Histogram } from 'prom-client';
import { millisecondsOf } from '../pipeline/deliver/created-at.js';
import type { Outcome } from '../pipeline/deliver/outcome.js';
import type { DispatcherObserver } from '../pipeline/dispatcher-observer.js';
import type { ClaimedEvent } from '../pipeline/event.js';
import type { Decision } from '../pipeline/record/attempt.js';
import type { MetricSet } from './metric-set.js';

const MS_PER_SECOND = 1_000;
/** From a receiver beside the database to the longest timeouts that are usual. */
const DELIVERY_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** From an event that is delivered at once to one that has waited for an outage to end. */
const QUEUE_SECONDS = [
  0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 21_600,
];
/** From a question to an empty log to one that a server in trouble answers. */
const CLAIM_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const STATUSES_OF_A_CLASS = 100;

/** Counts what the dispatcher of this replica does. */
export class DispatcherMetrics implements DispatcherObserver {
  private readonly claimed: Counter<'trigger'>;
  private readonly delivered: Counter<'trigger'>;
  private readonly retried: Counter<'trigger'>;
  private readonly dead: Counter<'trigger'>;
  private readonly attempts: Counter<'trigger' | 'status'>;
  private readonly deliveryDuration: Histogram<'trigger'>;
  private readonly queueTime: Histogram<'trigger'>;
  private readonly claims: Counter;
  private readonly claimDuration: Histogram;
  private readonly flushes: Counter;
  private readonly leasesLost: Counter;
  private readonly takenOver: Counter;
  private readonly reconnects: Counter;

  constructor(metrics: MetricSet) {
    const counter = (name: string, help: string): Counter<'trigger'> =>
      metrics.counter(name, help, ['trigger']);
    this.claimed = counter('events_claimed_total', 'Events that came to this replica');
    this.delivered = counter('events_delivered_total', 'Events that got through');
    this.retried = counter('events_retried_total', 'Attempts after which another one follows');
    this.dead = counter('events_dead_total', 'Events that were given up after an attempt');
    this.attempts = metrics.counter(
      'attempts_total',
      'Attempts by the class of the answer: 2xx to 5xx, or none',
      ['trigger', 'status'],
    );
    this.deliveryDuration = metrics.histogram(
      'delivery_duration_seconds',
      'An attempt from its beginning to its outcome',
      DELIVERY_SECONDS,
      ['trigger'],
    );
    this.queueTime = metrics.histogram(
      'queue_time_seconds',
      'From the change of a row to the beginning of the first attempt',
      QUEUE_SECONDS,
      ['trigger'],
    );
    this.claims = metrics.counter('claims_total', 'Calls that claim and record');
    this.claimDuration = metrics.histogram(
      'claim_duration_seconds',
      'A call that claims and records, until it is answered',
      CLAIM_SECONDS,
    );
    this.flushes = metrics.counter('flushes_total', 'Groups of attempts that were written down');
    this.leasesLost = metrics.counter(
      'leases_lost_total',
      'Times that all this replica held had become another one’s',
    );
    this.takenOver = metrics.counter(
      'batches_taken_over_total',
      'Batches that came from a dispatcher that is gone',
    );
    this.reconnects = metrics.counter(
      'reconnects_total',
      'Times that a connection of the dispatcher worked again after a failure',
    );
  }

  /** A trigger there is: rates need a zero to begin from. */
  knows(trigger: string): void {
    for (const counter of [this.claimed, this.delivered, this.retried, this.dead])
      counter.inc({ trigger }, 0);
  }

  claimAnswered(milliseconds: number): void {
    this.claims.inc();
    this.claimDuration.observe(milliseconds / MS_PER_SECOND);
  }

  batchClaimed(trigger: string, events: number): void {
    this.claimed.inc({ trigger }, events);
  }

  attemptBegan(trigger: string, { attemptsBefore, redelivered, createdAt }: ClaimedEvent): void {
    if (attemptsBefore > 0 || redelivered) return;
    // The change has its time from another clock, which may be ahead.
    const waited = Math.max(0, Date.now() - millisecondsOf(createdAt));
    this.queueTime.observe({ trigger }, waited / MS_PER_SECOND);
  }

  attemptEnded(trigger: string, { status, duration }: Outcome, { kind }: Decision): void {
    this.attempts.inc({ trigger, status: classOf(status) });
    this.deliveryDuration.observe({ trigger }, duration / MS_PER_SECOND);
    if (kind === 'delivered') this.delivered.inc({ trigger });
    else if (kind === 'retry') this.retried.inc({ trigger });
    else if (kind === 'dead') this.dead.inc({ trigger });
  }

  groupRecorded(): void {
    this.flushes.inc();
  }

  leaseLost(): void {
    this.leasesLost.inc();
  }

  batchesTakenOver(batches: number): void {
    this.takenOver.inc(batches);
  }

  reconnected(): void {
    this.reconnects.inc();
  }
}

const classOf = (status: number | null): string =>
  status === null ? 'none' : `${Math.floor(status / STATUSES_OF_A_CLASS)}xx`;
