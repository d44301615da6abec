import type { Counter, Histogram } from 'prom-client';
import type { StoredTrigger } from '../pipeline/attach/stored-trigger.js';
import type { Outcome } from '../pipeline/deliver/outcome.js';
import type { DispatcherObserver } from '../pipeline/dispatcher-observer.js';
import type { ClaimedEvent } from '../pipeline/event.js';
import type { Decision } from '../pipeline/record/attempt.js';
import type { MetricSet } from './metric-set.js';
import { queueTime } from './queue-time.js';

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
  private readonly claimsFailed: Counter;
  private readonly claimDuration: Histogram;
  private readonly flushes: Counter;
  private readonly leasesLost: Counter;
  private readonly takenOver: Counter;
  private readonly reconnects: Counter;
  /** Names that have a series, also for a while the former one of a trigger that was renamed, and statuses. */
  private readonly named = new Set<string>();
  private readonly statuses = new Set<string>();

  constructor(metrics: MetricSet) {
    const counter = (name: string, help: string): Counter<'trigger'> =>
      metrics.counter(name, help, ['trigger']);
    this.claimed = counter('events_claimed_total', 'New events that came to this replica');
    this.delivered = counter('events_delivered_total', 'Events that got through');
    this.retried = counter('events_retried_total', 'Attempts after which another one follows');
    this.dead = counter('events_dead_total', 'Events that were given up after an attempt');
    this.attempts = metrics.counter(
      'attempts_total',
      'Attempts by the class of the answer, 2xx to 5xx; none, handled, unhandled or skipped',
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
    this.claims = metrics.counter('claims_total', 'Calls that claim and record, and were answered');
    this.claimsFailed = metrics.counter(
      'claims_failed_total',
      'Calls that claim and record, and failed',
    );
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

  /** The names that triggers have: rates need a zero to begin from, and series of names that are gone an end. */
  knows(triggers: readonly string[]): void {
    const counters = [this.claimed, this.delivered, this.retried, this.dead];
    for (const trigger of triggers) {
      this.named.add(trigger);
      for (const counter of counters) counter.inc({ trigger }, 0);
    }
    for (const trigger of this.named) {
      if (triggers.includes(trigger)) continue;
      this.named.delete(trigger);
      for (const metric of [...counters, this.deliveryDuration, this.queueTime])
        metric.remove({ trigger });
      for (const status of this.statuses) this.attempts.remove({ trigger, status });
    }
  }

  claimAnswered(milliseconds: number): void {
    this.claims.inc();
    this.claimDuration.observe(milliseconds / MS_PER_SECOND);
  }

  claimFailed(): void {
    this.claimsFailed.inc();
  }

  batchClaimed(trigger: string, events: number): void {
    this.named.add(trigger);
    this.claimed.inc({ trigger }, events);
  }

  attemptBegan(trigger: string, event: ClaimedEvent): void {
    const waited = queueTime(event, Date.now());
    if (waited === null) return;
    this.named.add(trigger);
    this.queueTime.observe({ trigger }, waited);
  }

  attemptEnded(
    { name: trigger, webhook }: Pick<StoredTrigger, 'name' | 'webhook'>,
    outcome: Outcome,
    { kind }: Decision,
  ): void {
    const status = webhook === undefined ? classOfHandled(outcome) : classOfAnswer(outcome);
    this.named.add(trigger);
    this.statuses.add(status);
    this.attempts.inc({ trigger, status });
    this.deliveryDuration.observe({ trigger }, outcome.duration / MS_PER_SECOND);
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

function classOfAnswer({ status, kind }: Outcome): string {
  if (status === null) return kind === 'delivered' ? 'skipped' : 'none';
  return `${Math.floor(status / STATUSES_OF_A_CLASS)}xx`;
}

const classOfHandled = ({ kind }: Outcome): string =>
  kind === 'delivered' ? 'handled' : 'unhandled';
