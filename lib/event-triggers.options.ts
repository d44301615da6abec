import { Type } from 'class-transformer';
import { applicationName } from './application-name.js';
import { milliseconds, type Duration } from './duration.js';
import { InvalidOptionsError } from './event-triggers.errors.js';
import type { TriggerDefinition } from './pipeline/attach/trigger-definition.js';
import {
  isHeaderName,
  TriggerDefinitionRules,
} from './pipeline/attach/trigger-definition.rules.js';
import { RetryOptions } from './retry.options.js';
import { quoteIdentifier } from './schema/identifier.js';
import {
  durationRule,
  isDuration,
  itemPath,
  isListOf,
  isOneOf,
  isText,
  isWholeNumber,
  May,
  MayList,
  MayNest,
  problemsOf,
} from './validation.js';

/** What bootstrap may do to the database. */
export type Install = 'apply' | 'verify' | 'off';

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
   * Default: 5 ms, where a change goes out a few milliseconds after its commit (`npm run bench -- latency`).
   */
  @May(durationRule('1ms', '1h'), isDuration('1ms', '1h'))
  pollInterval?: Duration;

  /**
   * Seconds after which the other replicas take over what a dead one had in hand. From 3 to 3600.
   *
   * Default: 15, long enough for a garbage collection or a short network failure.
   */
  @May('be a whole number of seconds from 3 to 3600', isWholeNumber(3, 3_600))
  leaseSeconds?: number;

  /**
   * Seconds that a stopping replica waits for its deliveries in flight before it hands them over. From 0 to 3600.
   *
   * Default: 10, a third of the time that Kubernetes leaves between SIGTERM and SIGKILL.
   */
  @May('be a whole number of seconds from 0 to 3600', isWholeNumber(0, 3_600))
  drainSeconds?: number;

  /**
   * How long connecting to a receiver may take, within the timeout of the attempt.
   *
   * Default: 5 s, enough for two lost packets; a receiver that takes longer will not answer either.
   */
  @May(durationRule('100ms', '10m'), isDuration('100ms', '10m'))
  connectTimeout?: Duration;
}

/**
 * The options of `EventTriggersModule.forRoot`. None is required.
 *
 * @example
 * EventTriggersModule.forRoot({
 *   triggers: [{ name: 'order-created', table: Order, insert: true, webhook: '{{NHOST_BACKEND_URL}}/v1/functions/order-created' }],
 *   retry: { attempts: 5 },
 * })
 */
export class EventTriggersOptions {
  /** Triggers that belong to no feature module. Default: none. */
  @MayList('be a list of trigger definitions')
  @Type(() => TriggerDefinitionRules)
  triggers?: TriggerDefinition[];

  /**
   * Whose definitions these are. Bootstrap removes triggers that its own application no longer defines and
   * leaves those of other applications on the same database alone.
   *
   * Default: the name in the host's package.json, so that all replicas and releases of it agree.
   */
  @May('be a text', isText)
  application?: string;

  /**
   * The secret that is sent with each webhook and that `WebhookSecretGuard` requires. Of several the first
   * is sent and each is accepted, which is how a secret is replaced without a refused request.
   *
   * Default: the environment variable NHOST_WEBHOOK_SECRET.
   */
  @May('be a text that is not empty, or a list of such', isSecret, { secret: true })
  webhookSecret?: string | string[];

  /** The header that carries the secret. Default: `nhost-webhook-secret`. */
  @May('be the name of an HTTP header: letters, digits and hyphens', isHeaderName)
  webhookSecretHeader?: string;

  /** The Postgres schema that holds the log and all else of this package. Default: `event_triggers`. */
  @May(
    'be a name of at most 63 bytes without "$" that is neither public nor one of the system',
    isOwnSchema,
  )
  schema?: string;

  /**
   * What bootstrap may do to the database: `'apply'` migrates the schema and attaches triggers; `'verify'`
   * changes nothing and fails if something is missing; `'off'` trusts that all is in place.
   *
   * Default: `'apply'`, so that a deployment needs no step of its own.
   */
  @May(`be 'apply', 'verify' or 'off'`, isOneOf('apply', 'verify', 'off'))
  install?: Install;

  /** How this replica dispatches, or false for one that only writes rows and attaches what it defines. */
  @MayNest('be false or an object of dispatcher options', false)
  @Type(() => DispatcherOptions)
  dispatcher?: false | DispatcherOptions;

  /** The retry policy of triggers without one of their own. Default: 16 attempts over 29 hours. */
  @MayNest('be an object of retry options')
  @Type(() => RetryOptions)
  retry?: RetryOptions;

  /**
   * The total time for one attempt, for triggers without one of their own. From 100 ms to 30 min.
   *
   * Default: 60 s as in Hasura: under a shorter one a receiver that was written for Hasura and takes its
   * time would be called again while it is still at work.
   */
  @May(durationRule('100ms', '30m'), isDuration('100ms', '30m'))
  timeout?: Duration;

  /**
   * How long bootstrap may try to lock a table that long transactions keep busy, in total. Writers never
   * wait longer than about a second behind it.
   *
   * Default: 60 s, which outlasts most reports and backups and is within the start-up time that probes allow.
   */
  @May(durationRule('1s', '1d'), isDuration('1s', '1d'))
  attachTimeout?: Duration;
}

/** The dispatcher's options with every default filled in; times in milliseconds where not said otherwise. */
export interface ResolvedDispatcherOptions {
  readonly concurrency: number;
  readonly batchSize: number;
  readonly pollInterval: number;
  readonly leaseSeconds: number;
  readonly drainSeconds: number;
  readonly connectTimeout: number;
}

/** The options with every default filled in; times in milliseconds. */
export interface ResolvedOptions {
  readonly triggers: readonly TriggerDefinition[];
  readonly application: string;
  /** The first is sent, each is accepted; none where neither the option nor the variable is set. */
  readonly webhookSecrets: readonly string[];
  readonly webhookSecretHeader: string;
  readonly schema: string;
  readonly install: Install;
  readonly dispatcher: false | ResolvedDispatcherOptions;
  /** As given: each definition fills in the rest, see `resolveRetry`. */
  readonly retry: RetryOptions;
  readonly timeout: number;
  readonly attachTimeout: number;
}

export const DEFAULT_SECRET_HEADER = 'nhost-webhook-secret';
export const SECRET_VARIABLE = 'NHOST_WEBHOOK_SECRET';

/** Fills in the defaults; throws an `InvalidOptionsError` whose message lists everything that is wrong. */
export function validateOptions(input: EventTriggersOptions = {}): ResolvedOptions {
  const problems = problemsOf(EventTriggersOptions, input);
  const application = input?.application ?? applicationName();
  if (application === undefined) {
    problems.push('application: must be given, since no package.json of the host has a name');
  }
  refuse('The options of EventTriggersModule', problems);
  return {
    triggers: input.triggers ?? [],
    application: application ?? '',
    webhookSecrets: secrets(input.webhookSecret ?? process.env[SECRET_VARIABLE]),
    webhookSecretHeader: input.webhookSecretHeader ?? DEFAULT_SECRET_HEADER,
    schema: input.schema ?? 'event_triggers',
    install: input.install ?? 'apply',
    dispatcher: input.dispatcher === false ? false : resolveDispatcher(input.dispatcher ?? {}),
    retry: input.retry ?? {},
    timeout: milliseconds(input.timeout ?? '60s'),
    attachTimeout: milliseconds(input.attachTimeout ?? '60s'),
  };
}

/** Throws an `InvalidOptionsError` if one of `definitions`, which come from `origin`, breaks a rule. */
export function validateDefinitions(
  origin: string,
  definitions: readonly TriggerDefinition[],
): void {
  const problems = definitions.flatMap((definition, index) =>
    problemsOf(TriggerDefinitionRules, definition, itemPath('', index, definition)),
  );
  refuse(origin, problems);
}

function refuse(what: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  throw new InvalidOptionsError(`${what} cannot be used:${list}`);
}

function resolveDispatcher(options: DispatcherOptions): ResolvedDispatcherOptions {
  return {
    concurrency: options.concurrency ?? 64,
    batchSize: options.batchSize ?? 500,
    pollInterval: milliseconds(options.pollInterval ?? '5ms'),
    leaseSeconds: options.leaseSeconds ?? 15,
    drainSeconds: options.drainSeconds ?? 10,
    connectTimeout: milliseconds(options.connectTimeout ?? '5s'),
  };
}

function secrets(secret: string | readonly string[] | undefined): readonly string[] {
  if (secret === undefined || secret === '') return [];
  return typeof secret === 'string' ? [secret] : secret;
}

function isSecret(value: unknown): boolean {
  return isText(value, {}) || isListOf(isText)(value, {});
}

function isOwnSchema(value: unknown): boolean {
  if (typeof value !== 'string' || value === 'public' || value === 'information_schema')
    return false;
  // It stands inside of texts that "$$" ends.
  if (value.startsWith('pg_') || value.includes('$')) return false;
  try {
    return quoteIdentifier(value).length > 0;
  } catch {
    return false;
  }
}
