import type { AxiosInstance } from 'axios';
import type { Database } from '../database.js';
import { EventTriggersError } from '../event-triggers.errors.js';
import type { ResolvedOptions } from '../event-triggers.options.js';
import { quoteIdentifier } from '../schema/identifier.js';
import type { StoredTrigger, WantedTrigger } from './attach/stored-trigger.js';
import { DispatcherLease } from './claim/dispatcher-lease.js';
import { EventClaimer } from './claim/event-claimer.js';
import { KnownTriggers } from './claim/known-triggers.js';
import { DeadLetters } from './dead-letters.js';
import { WakeUpListener } from './claim/wake-up-listener.js';
import { Wakefulness } from './claim/wakefulness.js';
import { AddressRules } from './deliver/address-rules.js';
import type { DeliveryTracer } from './deliver/delivery-tracer.js';
import {
  resolveDestination,
  type Destination,
  type DestinationContext,
} from './deliver/destination.js';
import { EventDeliverer } from './deliver/event-deliverer.js';
import { WebhookClient } from './deliver/webhook-client.js';
import { Dispatcher } from './dispatcher.js';
import type { DispatcherObserver } from './dispatcher-observer.js';
import type { TriggerId } from './event.js';
import { LogKeeper } from './log-keeper.js';
import { AttemptRecorder } from './record/attempt-recorder.js';
import { DeliveryTally } from './record/delivery-tally.js';
import { TriggerHealth } from './retry/trigger-health.js';
import type { DispatcherLog } from './stages.js';

/** A page of 500 events of 16 kB; more would only wait in memory. */
const PAGE_BYTES = 8 * 1024 * 1024;
/** Pages of one cycle: enough to keep all connections busy, few enough to answer within milliseconds. */
const PAGES_PER_CYCLE = 4;

/** Puts the stages of a dispatcher together from the module's options. */
export class DispatcherAssembly {
  private readonly addresses: AddressRules;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly axios: AxiosInstance,
    private readonly code: Pick<DestinationContext, 'handlers' | 'transforms'>,
    private readonly log: DispatcherLog,
    private readonly observer?: DispatcherObserver,
    private readonly tracer?: DeliveryTracer,
  ) {
    this.addresses = new AddressRules(options.destinations);
  }

  /** What this process lacks that the trigger's destination asks for. */
  problemsOfDestination(trigger: WantedTrigger): EventTriggersError[] {
    // Another replica has the handlers.
    if (trigger.webhook === undefined && this.options.dispatcher === false) return [];
    const unattached: StoredTrigger = { ...trigger, id: 0 as TriggerId, paused: false };
    try {
      this.resolve(unattached, 0);
      return [];
    } catch (error) {
      if (error instanceof EventTriggersError) return [error];
      throw error;
    }
  }

  async assemble(database: Database, declares: readonly string[]): Promise<Dispatcher> {
    const { dispatcher: settings, application } = this.options;
    if (settings === false) throw new RangeError('This replica has no dispatcher');
    const schema = quoteIdentifier(this.options.schema);
    const triggers = new KnownTriggers(database, schema, application);
    const installation = await triggers.installation();
    const listener = settings.listen
      ? new WakeUpListener(
          () => database.dedicated(settings.listenUrl ?? undefined),
          database,
          schema,
          this.log,
        )
      : null;
    return new Dispatcher(
      {
        triggers,
        lease: new DispatcherLease(
          database,
          schema,
          application,
          settings.leaseSeconds,
          declares,
          this.options.deployment,
        ),
        claimer: new EventClaimer(database, schema, {
          events: settings.batchSize,
          bytes: PAGE_BYTES,
          batches: PAGES_PER_CYCLE,
        }),
        deliverer: new EventDeliverer(
          new WebhookClient(this.axios, {
            connections: settings.concurrency,
            connectTimeout: settings.connectTimeout,
            addresses: this.addresses,
            unwatched: this.tracer?.unwatched,
          }),
          this.tracer,
        ),
        recorder: new AttemptRecorder(database, schema),
        tally: new DeliveryTally(database, schema),
        health: new TriggerHealth(database, schema),
        deadLetters: new DeadLetters(this.options.onDeadLetter, installation, this.log),
        observer: this.observer,
        listener,
        wakefulness: new Wakefulness(database, schema, listener),
        keeper: new LogKeeper(database, schema, this.options.retention),
        resolve: (trigger) => this.resolve(trigger, installation),
      },
      settings,
      this.log,
    );
  }

  private resolve(trigger: StoredTrigger, installation: number): Destination {
    const [secret] = this.options.webhookSecrets;
    return resolveDestination(trigger, {
      installation,
      secret:
        secret === undefined ? null : { header: this.options.webhookSecretHeader, value: secret },
      signingKeys: this.options.signingKeys,
      rules: {
        addresses: this.addresses,
        requireHttps: this.options.destinations.requireHttps,
      },
      env: process.env,
      ...this.code,
    });
  }
}
