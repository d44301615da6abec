/**
 * The public API, by stage; `exports` of package.json has the other ways in. What is named nowhere there may change
 * without notice.
 */

// The module
export {
  EventTriggersModule,
  type EventTriggersAsyncOptions,
  type EventTriggersModuleExtras,
  type EventTriggersOptionsFactory,
} from './event-triggers.module.js';
export { DestinationOptions } from './destination.options.js';
export { DispatcherOptions } from './dispatcher.options.js';
export { EventTriggersOptions, RetentionOptions, type Install } from './event-triggers.options.js';
export { EventTriggersService, type InvokeOptions } from './event-triggers.service.js';
export { getEventTriggersToken, InjectEventTriggers } from './event-triggers.tokens.js';
export { EVENT_TRIGGERS_ENTITIES } from './event-triggers.entities.js';
export {
  EventRejectedError,
  EventTriggersError,
  InvalidOptionsError,
  InvalidTriggerError,
  MissingEnvironmentVariableError,
  SchemaError,
  TableLockedError,
  type ErrorDetails,
} from './event-triggers.errors.js';
export type { Health } from './health.js';
export type { WatchableColumn, WatchableTable } from './trigger-administration.js';
export type { Duration } from './duration.js';
export { BreakerOptions } from './breaker.options.js';
export { RetryOptions } from './retry.options.js';
export type { SigningKeyOption, SigningKeys } from './signing-key.js';

// Attach: what to watch, where to send
export {
  defineTrigger,
  type BundleDefinition,
  type Column,
  type EntityClass,
  type HeaderDefinition,
  type OperationDefinition,
  type RateLimitDefinition,
  type WhenRemoved,
  type TriggerDefinition,
  type UpdateDefinition,
  type WebhookFormat,
} from './pipeline/attach/trigger-definition.js';
export {
  EventTrigger,
  type EntityTriggerDefinition,
} from './pipeline/attach/event-trigger.decorator.js';
export type {
  RunTimeOperation,
  RunTimeTriggerDefinition,
  RunTimeUpdate,
} from './pipeline/attach/run-time-trigger.js';
export type { RunTimeTriggerChanges } from './pipeline/attach/run-time-triggers.js';
export type {
  ColumnCondition,
  ConditionValue,
  RowCondition,
} from './pipeline/attach/row-condition.js';
export type { StatusOutcome } from './pipeline/attach/stored-trigger.js';
export type { CaptureGap } from './pipeline/attach/capture-switch.js';
export type {
  Transform,
  TransformedAttempt,
  TransformedRequest,
} from './pipeline/attach/transform.js';
export { EventTriggerEntity } from './pipeline/attach/event-trigger.entity.js';

// Capture: what happened
export { OutboxEventEntity } from './pipeline/capture/outbox-event.entity.js';
export type { EventData, EventTriggerPayload, Operation } from './pipeline/event.js';

// Claim: whose the log is
export type { Adoption } from './pipeline/claim/adoption.js';

// Deliver: to a method of the application
export {
  OnEventTrigger,
  type OnEventTriggerOptions,
  type TransactionalDelivery,
  type TableEvents,
} from './handler/on-event-trigger.decorator.js';
export type { HandlerDelivery } from './pipeline/deliver/handler-destination.js';

export { toEntity } from './handler/to-entity.js';

export type { EventRequest, RequestHeader } from './pipeline/deliver/event-request.js';

// Record: what came of it
export { DeliveryAttemptEntity } from './pipeline/record/delivery-attempt.entity.js';

// Retry: what waits, and what was given up
export type { DeadLetter } from './pipeline/dead-letters.js';
export type {
  CancelledState,
  RedeliveryFilter,
  RedeliveryOptions,
} from './pipeline/retry/event-operations.js';
export type { DeadLetterGroup, DeadLetterGroups } from './pipeline/retry/dead-letter-groups.js';
export type { Erasure, ErasureOptions } from './pipeline/retry/erasure.js';
export type { EventFilter, EventState } from './pipeline/retry/event-filter.js';
export type { EventPage } from './pipeline/retry/event-list.js';
export type {
  AttemptDetails,
  AttemptSummary,
  EventDetails,
  EventSummary,
} from './pipeline/retry/event-summary.js';
export type {
  ProgressOptions,
  StalledTrigger,
  StalledWork,
} from './pipeline/retry/stream-progress.js';
export type { MinuteOfAttempts, TriggerStatistics } from './pipeline/retry/statistics.js';
export type { DeliveryPauseReason, Pause, TriggerSummary } from './pipeline/retry/trigger-list.js';

// Administer
export {
  EventTriggersAdminModule,
  type EventTriggersAdminOptions,
} from './admin/event-triggers-admin.module.js';

// Receive
export {
  EventTriggersReceiverModule,
  type EventTriggersReceiverOptions,
} from './handler/event-triggers-receiver.module.js';
export { WebhookSecretGuard } from './webhook/webhook-secret.guard.js';
export { WebhookSecretAuthenticator } from './webhook/webhook-secret.authenticator.js';
export type { WebhookSecretGuardOptions } from './webhook/webhook-secret.options.js';
