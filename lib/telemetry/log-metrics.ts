import type { TriggerSummary } from '../pipeline/retry/trigger-list.js';
import type { StateLog } from '../state-log.js';
import type { MetricSet, Sample } from './metric-set.js';
import { TimedRead } from './timed-read.js';

const MS_PER_SECOND = 1_000;
/** All metrics of a scrape are of one reading, and so are those of two that scrape at the same time. */
const FRESH_FOR_MS = 1_000;
/** Less than the ten seconds after which Prometheus gives up a scrape: the rest of it is told in any case. */
const GIVES_UP_AFTER_MS = 5_000;

/** What the database says of the log, for all replicas alike. */
export interface LogReading {
  readonly captured: number;
  readonly triggers: readonly TriggerSummary[];
  /** Events that nobody has claimed, by the name of their trigger. */
  readonly backlog: ReadonlyMap<string, number>;
}

/** What waits in the log at the time of a scrape. Where the database does not answer, these metrics are left out. */
export class LogMetrics {
  private reading: Promise<LogReading | null> = Promise.resolve(null);
  private readAt = Number.NEGATIVE_INFINITY;
  private isFailing = false;
  private readonly log: TimedRead<LogReading>;

  constructor(
    metrics: MetricSet,
    read: () => Promise<LogReading>,
    private readonly lines: StateLog,
  ) {
    this.log = new TimedRead(read, GIVES_UP_AFTER_MS);
    metrics.counter(
      'events_captured_total',
      'Numbers that were given to events of all triggers, also of what was rolled back',
      [],
      async () => (await this.latest())?.captured ?? null,
    );
    const gauge = (
      name: string,
      help: string,
      value: (trigger: TriggerSummary, reading: LogReading) => number,
    ): void =>
      metrics.gauge(name, help, ['trigger'], async () => {
        const reading = await this.latest();
        return (reading?.triggers ?? []).map((trigger): Sample => [
          { trigger: trigger.name },
          value(trigger, reading!),
        ]);
      });
    gauge(
      'backlog_events',
      'Events that nobody has claimed: counted up to 10000, estimated beyond',
      ({ name }, { backlog }) => backlog.get(name) ?? 0,
    );
    gauge(
      'backlog_oldest_age_seconds',
      'Since the oldest change that nobody has claimed; 0 where all is claimed',
      ({ oldestWaiting }) => secondsSince(oldestWaiting),
    );
    gauge(
      'retries_waiting',
      'Events that wait for another attempt, up to 10000',
      ({ retrying }) => retrying,
    );
    gauge(
      'events_parked',
      'Events that wait for an earlier one of their key, up to 10000',
      ({ parked }) => parked,
    );
    gauge('dead_letters', 'Events that were given up, up to 10000', ({ dead }) => dead);
    gauge('delivery_paused', 'Whether the delivery is paused: 0 or 1', ({ deliveryPaused }) =>
      Number(deliveryPaused !== null),
    );
    gauge('capture_paused', 'Whether the capture is paused: 0 or 1', ({ capturePaused }) =>
      Number(capturePaused !== null),
    );
  }

  private latest(): Promise<LogReading | null> {
    if (performance.now() - this.readAt < FRESH_FOR_MS) return this.reading;
    this.readAt = performance.now();
    this.reading = this.readOrWarn();
    return this.reading;
  }

  private async readOrWarn(): Promise<LogReading | null> {
    try {
      const reading = await this.log.answer();
      if (this.isFailing)
        this.lines.log('Metrics of the event log are told again', { code: 'metrics-read' });
      this.isFailing = false;
      return reading;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (!this.isFailing)
        this.lines.warn(`Metrics of the event log are left out: ${problem}`, {
          code: 'metrics-unread',
        });
      this.isFailing = true;
      return null;
    }
  }
}

const secondsSince = (time: Date | null): number =>
  time === null ? 0 : Math.max(0, Date.now() - time.getTime()) / MS_PER_SECOND;
