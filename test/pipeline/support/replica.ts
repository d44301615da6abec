import axios from 'axios';
import type pg from 'pg';
import type { Database } from '../../../lib/database.js';
import { DispatcherLease } from '../../../lib/pipeline/claim/dispatcher-lease.js';
import { EventClaimer } from '../../../lib/pipeline/claim/event-claimer.js';
import { KnownTriggers } from '../../../lib/pipeline/claim/known-triggers.js';
import { WakeUpListener } from '../../../lib/pipeline/claim/wake-up-listener.js';
import { Wakefulness } from '../../../lib/pipeline/claim/wakefulness.js';
import { resolveDestination } from '../../../lib/pipeline/deliver/destination.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { Dispatcher } from '../../../lib/pipeline/dispatcher.js';
import { DeadLetters, type DeadLetter } from '../../../lib/pipeline/dead-letters.js';
import { LogKeeper } from '../../../lib/pipeline/log-keeper.js';
import { AttemptRecorder } from '../../../lib/pipeline/record/attempt-recorder.js';
import { DeliveryTally } from '../../../lib/pipeline/record/delivery-tally.js';
import { TriggerHealth } from '../../../lib/pipeline/retry/trigger-health.js';
import type { DispatcherSettings } from '../../../lib/pipeline/stages.js';
import { APPLICATION, type Engine } from './engine.js';
import { Life } from './life.js';
import { contextOf } from './trigger.js';

const WEEK = 7 * 24 * 3_600_000;

export interface ReplicaOptions extends Partial<DispatcherSettings> {
  readonly application?: string;
  /** Its way to Postgres. Default: one of the engine's. */
  readonly connections?: Database;
  /** What befalls its calls. Default: nothing until it is crashed or frozen. */
  readonly life?: Life;
  readonly onDeadLetter?: ((deadLetter: DeadLetter) => void | Promise<void>) | null;
  /** Whether it listens. Default: false. */
  readonly listen?: boolean;
  readonly listenThrough?: () => pg.Client;
  /** How another release says a statement of this one. */
  readonly inItsWords?: (statement: string) => string;
}

/** A dispatcher as it runs in an application, and what can befall the process around it. */
export interface Replica {
  /** What it said about itself. */
  readonly messages: readonly string[];
  readonly leaseId: string;
  /** Looks after the logs, as before an absence. */
  prepareAbsence(): Promise<void>;
  /** Shuts down in good order. */
  stop(): Promise<void>;
  /** Ends here and now, whatever it was doing, and tells nobody. */
  crash(): void;
  /** Stands still, as a process does that got no processor, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Cuts its connections to Postgres, whatever is under way on them. */
  cutConnections(): void;
}

export async function startReplica(
  engine: Engine,
  {
    application = APPLICATION,
    connections = engine.connect(),
    inItsWords,
    life = new Life(),
    listen = false,
    listenThrough,
    onDeadLetter = null,
    ...settings
  }: ReplicaOptions = {},
): Promise<Replica> {
  const spoken = inItsWords === undefined ? connections : translated(connections, inItsWords);
  const database = life.bind(spoken, ['run', 'query']);
  const { schema } = engine;
  const complete: DispatcherSettings = {
    concurrency: 16,
    batchSize: 100,
    pollInterval: 5,
    leaseSeconds: 60,
    drainSeconds: 5,
    ...settings,
  };
  const messages: string[] = [];
  const say = (message: string): number => messages.push(message);
  const triggers = new KnownTriggers(database, schema, application);
  const installation = await triggers.installation();
  const lease = new DispatcherLease(database, schema, application, complete.leaseSeconds);
  const deliverer = new EventDeliverer(
    new WebhookClient(axios.create(), { connections: complete.concurrency }),
  );
  const listener = listen
    ? new WakeUpListener(listenThrough ?? (() => connections.dedicated()), database, schema, {
        log: say,
        warn: say,
      })
    : null;
  const dispatcher = new Dispatcher(
    {
      triggers,
      lease,
      claimer: new EventClaimer(database, schema, {
        events: complete.batchSize,
        bytes: 8 * 1024 * 1024,
        batches: 4,
      }),
      deliverer: life.bind(deliverer, ['deliver']),
      recorder: new AttemptRecorder(database, schema),
      tally: new DeliveryTally(database, schema),
      health: new TriggerHealth(database, schema),
      deadLetters: new DeadLetters(onDeadLetter, installation, { log: say, warn: say, error: say }),
      listener,
      wakefulness: new Wakefulness(database, schema, listener),
      keeper: new LogKeeper(database, schema, { events: WEEK, attempts: WEEK, deadLetters: WEEK }),
      resolve: (trigger) =>
        resolveDestination(trigger, contextOf({ installation, env: process.env })),
    },
    complete,
    { log: say, warn: say, error: say },
  );
  const upkeep = await dispatcher.start();
  return {
    messages,
    get leaseId() {
      return lease.id;
    },
    async prepareAbsence() {
      await dispatcher.prepareAbsence();
    },
    async stop() {
      try {
        await dispatcher.stop();
      } finally {
        clearInterval(upkeep);
        await deliverer.close();
      }
    },
    crash() {
      clearInterval(upkeep);
      void listener?.stop();
      life.end();
    },
    freeze: () => life.freeze(),
    thaw: () => life.thaw(),
    cutConnections: () => cutConnections(connections),
  };
}

function translated(database: Database, translate: (statement: string) => string): Database {
  const calls: Pick<Database, 'run' | 'query'> = {
    run: (name, text, values) => database.run(name, translate(text), values),
    query: (text, values) => database.query(translate(text), values),
  };
  return Object.assign(Object.create(database) as Database, calls);
}

function cutConnections(database: Database): void {
  const { pool } = database as unknown as { pool: { _clients: pg.Client[] } };
  for (const client of pool._clients) {
    const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
  }
}
