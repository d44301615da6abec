import { milliseconds, type Duration } from './duration.js';
import { durationRule, isBoolean, isDuration, isText, isWholeNumber, May } from './validation.js';

/** How the dispatcher of one replica works. */
export class DispatcherOptions {
  /**
   * Deliveries in flight at the same time in one replica, over all triggers. From 1 to 4096.
   *
   * Default: 64, which keeps a core busy at 5 ms an answer and is what most receivers can bear.
   */
  @May('be a whole number from 1 to 4096', isWholeNumber(1, 4_096))
  concurrency?: number;

  /**
   * Events that are taken from the log at a time, at most. From 1 to 10000.
   *
   * Default: 500, where the round trip is shared by so many events that larger pages gain little.
   */
  @May('be a whole number from 1 to 10000', isWholeNumber(1, 10_000))
  batchSize?: number;

  /**
   * The pause between two looks at the log while there is work. It grows by itself under load and when idle.
   *
   * From 1 ms to an hour. Default: 5 ms, where a change goes out a few milliseconds after its commit
   * (`npm run bench -- latency`).
   */
  @May(durationRule('1ms', '1h'), isDuration('1ms', '1h'))
  pollInterval?: Duration;

  /**
   * Seconds after which the other replicas take over what a dead one had in hand. From 3 to 15.
   *
   * Default: 15, long enough for a garbage collection or a short network failure. Requests may take longer: the
   * lease is renewed three times in its time.
   */
  @May('be a whole number of seconds from 3 to 15', isWholeNumber(3, 15))
  leaseSeconds?: number;

  /**
   * Seconds that a stopping replica waits for its deliveries in flight before it hands them over. From 0 to 3600.
   *
   * Default: 10, a third of the time that Kubernetes leaves between SIGTERM and SIGKILL.
   */
  @May('be a whole number of seconds from 0 to 3600', isWholeNumber(0, 3_600))
  drainSeconds?: number;

  /**
   * Whether one more connection listens, so that a change after a silence goes out within milliseconds.
   *
   * Default: true. Where notifications do not come through, as behind a pooler in transaction mode, the
   * dispatcher notices, polls, and says so in the log.
   */
  @May('be true or false', isBoolean)
  listen?: boolean;

  /**
   * A direct way to the database for that connection, where the data source goes through a pooler. Default: that of the
   * data source.
   */
  @May('be a connection string such as "postgres://user:password@host/database"', isText, {
    secret: true,
  })
  listenUrl?: string;

  /**
   * For a Postgres that falls asleep when nobody asks it anything, and costs nothing then: after so long without an
   * event this replica closes its connections. It is back when the application commits a transaction through TypeORM,
   * when a retry is due, and after `lookEvery`. From 1 s to 1 day.
   *
   * Default: never. Without it a change of anybody's goes out within milliseconds.
   */
  @May(durationRule('1s', '1d'), isDuration('1s', '1d'))
  suspendAfter?: Duration;

  /**
   * How long a replica stays away at the most, with `suspendAfter`: changes that others make wait for so long. From
   * 1 s to 7 days. Default: 15 min, a few times what such servers wait before they fall asleep.
   */
  @May(durationRule('1s', '7d'), isDuration('1s', '7d'))
  lookEvery?: Duration;

  /**
   * How long connecting to a receiver may take, within the timeout of the attempt.
   *
   * From 100 ms to 10 minutes. Default: 5 s, enough for two lost packets; a receiver that takes longer will not answer
   * either.
   */
  @May(durationRule('100ms', '10m'), isDuration('100ms', '10m'))
  connectTimeout?: Duration;
}

/** The dispatcher's options with every default filled in; times in milliseconds where not said otherwise. */
export interface ResolvedDispatcherOptions {
  readonly concurrency: number;
  readonly batchSize: number;
  readonly pollInterval: number;
  readonly leaseSeconds: number;
  readonly drainSeconds: number;
  readonly connectTimeout: number;
  readonly listen: boolean;
  readonly listenUrl: string | null;
  /** Null where it never leaves. */
  readonly suspendAfter: number | null;
  readonly lookEvery: number;
}

/** Fills in the defaults. */
export function resolveDispatcher(options: DispatcherOptions): ResolvedDispatcherOptions {
  return {
    concurrency: options.concurrency ?? 64,
    batchSize: options.batchSize ?? 500,
    pollInterval: milliseconds(options.pollInterval ?? '5ms'),
    leaseSeconds: options.leaseSeconds ?? 15,
    drainSeconds: options.drainSeconds ?? 10,
    connectTimeout: milliseconds(options.connectTimeout ?? '5s'),
    listen: options.listen ?? true,
    listenUrl: options.listenUrl ?? null,
    suspendAfter: options.suspendAfter === undefined ? null : milliseconds(options.suspendAfter),
    lookEvery: milliseconds(options.lookEvery ?? '15m'),
  };
}
