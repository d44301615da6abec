import { Type } from 'class-transformer';
import { BreakerOptions } from './breaker.options.js';
import { applicationName } from './application-name.js';
import {
  DispatcherOptions,
  resolveDispatcher,
  type ResolvedDispatcherOptions,
} from './dispatcher.options.js';
import {
  DestinationOptions,
  resolveDestinations,
  type ResolvedDestinationOptions,
} from './destination.options.js';
import { milliseconds, type Duration } from './duration.js';
import { asList, InvalidOptionsError } from './event-triggers.errors.js';
import type { TriggerDefinition } from './pipeline/attach/trigger-definition.js';
import {
  isHeaderName,
  TriggerDefinitionRules,
} from './pipeline/attach/trigger-definition.rules.js';
import type { DeadLetter } from './pipeline/dead-letters.js';
import type { Retention } from './pipeline/partition-plan.js';
import type { StoredSigningKey } from './pipeline/attach/stored-trigger.js';
import { RetryOptions } from './retry.options.js';
import { signingKeysOf, type SigningKeys } from './signing-key.js';
import { isSigningKeys, SIGNING_KEYS_RULE } from './signing-keys.options.js';
import { quoteIdentifier } from './schema/identifier.js';
import {
  durationRule,
  isDuration,
  itemPath,
  isListOf,
  isOneOf,
  isText,
  May,
  MayList,
  MayNest,
  problemsOf,
  isWholeNumber,
} from './validation.js';

/** What bootstrap may do to the database. */
export type Install = 'apply' | 'verify' | 'off';

/** Less than a partition that is all but empty takes for its indexes is no limit. */
const LEAST_HELD = 1_000_000;

/**
 * How long the logs are kept. Days that are over go as whole tables, without a trace in your writes.
 *
 * What is still owed is kept whatever stands here: events that wait because their trigger is paused, or whose
 * destination fails. Retries and dead letters carry their rows with them.
 */
export class RetentionOptions {
  /** Events, for looking them up and sending them again. From 1 to 365 days. Default: 7 days, a week of work. */
  @May(durationRule('1d', '365d'), isDuration('1d', '365d'))
  events?: Duration;

  /** Attempts, for seeing what happened. From 1 to 365 days. Default: 7 days, as the events that they belong to. */
  @May(durationRule('1d', '365d'), isDuration('1d', '365d'))
  attempts?: Duration;

  /** Dead letters. From 1 day to 10 years. Default: 30 days, so that a holiday costs none. */
  @May(durationRule('1d', '3650d'), isDuration('1d', '3650d'))
  deadLetters?: Duration;

  /**
   * Ids of events that transactional handlers have handled: longer than a sender may try again. From 1 day to 10 years.
   * Default: 30 days.
   */
  @May(durationRule('1d', '3650d'), isDuration('1d', '3650d'))
  inbox?: Duration;

  /**
   * Bytes of the event log that a trigger may keep beyond `events`. One that makes no progress (it is paused, its
   * destination fails, or no replica of its application runs) and keeps more is not captured any more, until
   * `resumeCapture`. From 1 MB.
   *
   * Default: never, and a warning tells what is kept: whether a full disk or a lost event is worse is for you to say.
   */
  @May('be a number of bytes from 1,000,000', isWholeNumber(LEAST_HELD, Number.MAX_SAFE_INTEGER))
  holdAtMost?: number;
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

  /**
   * What webhooks are signed with, by Standard Webhooks: a key that begins with `whsec_` (HMAC-SHA256) or `whsk_`
   * (ed25519), or several, of which each signs as long as it is valid: receivers that know either accept during a
   * change of keys. `'{{ENV_VAR}}'` is taken from the environment. Default: none, webhooks go out unsigned.
   *
   * @example
   * signingKeys: ['{{SIGNING_KEY}}', { key: '{{FORMER_SIGNING_KEY}}', until: '2026-12-01' }]
   */
  @May(`be ${SIGNING_KEYS_RULE}`, isSigningKeys, { secret: true })
  signingKeys?: SigningKeys;

  /**
   * Where webhooks may go. Default: anywhere but to link-local addresses and those at which clouds hand out
   * credentials.
   */
  @MayNest('be an object of destination options')
  @Type(() => DestinationOptions)
  destinations?: DestinationOptions;

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

  /**
   * How this replica dispatches, or false for one that only writes rows and attaches what it defines. Default: it
   * dispatches.
   */
  @MayNest('be false or an object of dispatcher options', false)
  @Type(() => DispatcherOptions)
  dispatcher?: false | DispatcherOptions;

  /** The retry policy of triggers without one of their own. Default: 16 attempts over 29 hours. */
  @MayNest('be an object of retry options')
  @Type(() => RetryOptions)
  retry?: RetryOptions;

  /**
   * When a failing destination is left alone for a while, for triggers without breaker options of their own; false never.
   * Default: where four of five attempts have failed lately.
   */
  @MayNest('be false or an object of breaker options', false)
  @Type(() => BreakerOptions)
  breaker?: false | BreakerOptions;

  /**
   * The total time for one attempt, for triggers without one of their own. From 100 ms to 30 min.
   *
   * Default: 60 s as in Hasura: under a shorter one a receiver that was written for Hasura and takes its
   * time would be called again while it is still at work.
   */
  @May(durationRule('100ms', '30m'), isDuration('100ms', '30m'))
  timeout?: Duration;

  /**
   * Called when an event is given up, after that is recorded, in the replica that gave it up: for an alarm. It is
   * called once, and not at all if the process dies in between, nor for what dead replicas held (`lease-lost`); the table
   * `dead_letter` has them all. What it throws is logged by its code or the name of its class. Default: nobody is called.
   */
  @May('be a function', (value) => typeof value === 'function')
  onDeadLetter?: (deadLetter: DeadLetter) => void | Promise<void>;

  /**
   * Where this application runs, for example `production`. The first deployment that says so owns the log; a copy of
   * the database that is started elsewhere under another name captures, but delivers nothing until it is adopted
   * (`EventTriggersService.adopt`). Default: none, and every copy that has the same transactions delivers.
   *
   * @example
   * deployment: process.env.DEPLOYMENT
   */
  @May('be a text', isText)
  deployment?: string;

  /** How long the logs are kept. Default: a week, dead letters and the inbox 30 days. */
  @MayNest('be an object of retention options')
  @Type(() => RetentionOptions)
  retention?: RetentionOptions;

  /**
   * How long bootstrap may try to lock a table that long transactions keep busy, in total. Writers never
   * wait longer than about a second behind it.
   *
   * Default: 60 s, which outlasts most reports and backups and is within the start-up time that probes allow.
   */
  @May(durationRule('1s', '1d'), isDuration('1s', '1d'))
  attachTimeout?: Duration;
}

/** The options with every default filled in; times in milliseconds. */
export interface ResolvedOptions {
  readonly triggers: readonly TriggerDefinition[];
  readonly application: string;
  /** The first is sent, each is accepted; none where neither the option nor the variable is set. */
  readonly webhookSecrets: readonly string[];
  readonly webhookSecretHeader: string;
  readonly signingKeys: readonly StoredSigningKey[];
  readonly destinations: ResolvedDestinationOptions;
  readonly schema: string;
  readonly install: Install;
  readonly dispatcher: false | ResolvedDispatcherOptions;
  /** As given: each definition fills in the rest, see `resolveRetry`. */
  readonly retry: RetryOptions;
  readonly breaker: false | BreakerOptions;
  readonly timeout: number;
  readonly attachTimeout: number;
  /** Null where it is not said. */
  readonly deployment: string | null;
  readonly retention: Retention & { readonly holdAtMost: number | null; readonly inbox: number };
  readonly onDeadLetter: ((deadLetter: DeadLetter) => void | Promise<void>) | null;
}

const DEFAULT_SECRET_HEADER = 'nhost-webhook-secret';
const SECRET_VARIABLE = 'NHOST_WEBHOOK_SECRET';

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
    signingKeys: input.signingKeys === undefined ? [] : signingKeysOf(input.signingKeys),
    destinations: resolveDestinations(input.destinations ?? {}),
    schema: input.schema ?? 'event_triggers',
    install: input.install ?? 'apply',
    dispatcher: input.dispatcher === false ? false : resolveDispatcher(input.dispatcher ?? {}),
    retry: input.retry ?? {},
    breaker: input.breaker ?? {},
    timeout: milliseconds(input.timeout ?? '60s'),
    attachTimeout: milliseconds(input.attachTimeout ?? '60s'),
    deployment: input.deployment ?? null,
    onDeadLetter: input.onDeadLetter ?? null,
    retention: {
      events: milliseconds(input.retention?.events ?? '7d'),
      attempts: milliseconds(input.retention?.attempts ?? '7d'),
      deadLetters: milliseconds(input.retention?.deadLetters ?? '30d'),
      inbox: milliseconds(input.retention?.inbox ?? '30d'),
      holdAtMost: input.retention?.holdAtMost ?? null,
    },
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
  throw new InvalidOptionsError(`${what} cannot be used:${asList(problems)}`);
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
