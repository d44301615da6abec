import type { State } from '../state-log.js';
import type { StoredTrigger } from './attach/stored-trigger.js';
import type { DeadLetters } from './dead-letters.js';
import type { DispatcherLease } from './claim/dispatcher-lease.js';
import type { EventClaimer } from './claim/event-claimer.js';
import type { KnownTriggers } from './claim/known-triggers.js';
import type { WakeUpListener } from './claim/wake-up-listener.js';
import type { Wakefulness } from './claim/wakefulness.js';
import type { Destination } from './deliver/destination.js';
import type { EventDeliverer } from './deliver/event-deliverer.js';
import type { DispatcherObserver } from './dispatcher-observer.js';
import type { LogKeeper } from './log-keeper.js';
import type { AttemptRecorder } from './record/attempt-recorder.js';
import type { DeliveryTally } from './record/delivery-tally.js';
import type { TriggerHealth } from './retry/trigger-health.js';

/** What the dispatcher tells about itself: changes of state, never a line per event. */
export interface DispatcherLog {
  log(sentence: string, state: State): void;
  warn(sentence: string, state: State): void;
  error(sentence: string, state: State): void;
}

export interface DispatcherSettings {
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** Events of a page. */
  readonly batchSize: number;
  /** Milliseconds between two questions while events come. */
  readonly pollInterval: number;
  readonly leaseSeconds: number;
  readonly drainSeconds: number;
}

/** The stages, made for one database. */
export interface Stages {
  readonly triggers: KnownTriggers;
  readonly lease: DispatcherLease;
  readonly claimer: EventClaimer;
  readonly deliverer: EventDeliverer;
  readonly recorder: AttemptRecorder;
  readonly tally: DeliveryTally;
  readonly health: TriggerHealth;
  readonly keeper: LogKeeper;
  /** Null where this dispatcher only polls. */
  readonly listener: WakeUpListener | null;
  readonly wakefulness: Wakefulness;
  readonly deadLetters: DeadLetters;
  /** Absent where nobody measures. */
  readonly observer?: DispatcherObserver;
  /** Throws when this process lacks what it takes to reach the trigger's destination. */
  resolve(trigger: StoredTrigger): Destination;
}
