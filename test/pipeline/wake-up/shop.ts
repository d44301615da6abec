import { setTimeout as pause } from 'node:timers/promises';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { onTestFinished } from 'vitest';
import { Database } from '../../../lib/database.js';
import { eventually } from '../../support/wait-until.js';
import {
  createCapturedDatabase,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';
import { engineIn } from '../support/engine.js';
import { startReplica, type Replica, type ReplicaOptions } from '../support/replica.js';

/** One table, watched, and replicas that deliver what changes in it. */
export class Shop {
  readonly replicas: Replica[] = [];
  private readonly connections: Database[] = [];

  private constructor(
    readonly database: CapturedDatabase,
    readonly receiver: FakeReceiver,
  ) {}

  static async open(): Promise<Shop> {
    const shop = new Shop(await createCapturedDatabase(), await startFakeReceiver());
    onTestFinished(() => shop.close());
    await shop.database.query('create table orders (id serial primary key)');
    await shop.define();
    return shop;
  }

  async define(more: { webhook?: string } = {}): Promise<void> {
    await this.database.reconcile([
      trigger({
        table: 'orders',
        insert: {},
        webhook: this.receiver.url,
        retry: {
          attempts: 9,
          strategy: 'fixed',
          delay: 6_000,
          maxDelay: 6_000,
          maxAge: null,
          jitter: false,
        },
        ...more,
      }),
    ]);
  }

  connect(): Database {
    const connections = new Database({ connectionString: this.database.url });
    this.connections.push(connections);
    return connections;
  }

  async start(options: ReplicaOptions = {}): Promise<Replica> {
    const replica = await startReplica(engineIn(this.database), {
      listen: true,
      connections: this.connect(),
      ...options,
    });
    this.replicas.push(replica);
    return replica;
  }

  order = (): Promise<unknown> => this.database.query('insert into orders default values');

  /** Whether the time that dispatchers pushed ahead of them has passed. */
  async gateIsOpen(): Promise<boolean> {
    const [row] = await this.database.query(
      `select last_value < extract(epoch from clock_timestamp()) as open from event_triggers.awake_until`,
    );
    return row!['open'] as boolean;
  }

  /** Resolves when it is long silent enough for sleep. */
  async asleep(): Promise<void> {
    const maySleep = async (): Promise<boolean> => {
      // Whoever writes on this server, in whatever database, may keep a dispatcher from sleep.
      const [row] = await this.database.query(`select may from event_triggers.may_sleep_v1('{}')`);
      return row!['may'] as boolean;
    };
    await eventually(maySleep, { describe: 'dispatchers to fall asleep' });
    await pause(200);
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    await Promise.all(this.connections.map((connections) => connections.close()));
    await this.receiver.close();
    await this.database.drop();
  }
}
