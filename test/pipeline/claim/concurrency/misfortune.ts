import { setTimeout as pause } from 'node:timers/promises';
import { startReplica, type Replica } from '../../support/replica.js';
import type { Engine } from '../../support/engine.js';
import type { Random } from '../../../support/random.mjs';

/** Short, so that a run sees many leases run out. */
const LEASE_SECONDS = 1;
const REPLICAS = 3;
/** A zombie comes back when its lease is long over. */
const FROZEN_MS = 1_800;

/** Replicas to which things happen at random, and which are replaced when they are gone. */
export class Misfortune {
  private replicas: Replica[] = [];
  private readonly frozen = new Map<Replica, Promise<void>>();
  readonly happened = { crashes: 0, cuts: 0, zombies: 0 };

  constructor(
    private readonly engine: Engine,
    private readonly random: Random,
  ) {}

  async start(): Promise<void> {
    this.replicas = await Promise.all(Array.from({ length: REPLICAS }, () => this.replica()));
  }

  async strike(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      await pause(this.random.between(200, 700));
      const place = this.random.between(0, REPLICAS - 1);
      const kind = this.random.next();
      if (kind < 0.4) await this.crash(place);
      else if (kind < 0.75) this.cut(place);
      else this.freeze(place);
    }
  }

  /** Lets zombies come back, then stops all in good order. */
  async end(): Promise<void> {
    await Promise.all(this.frozen.values());
    await Promise.all(this.replicas.map((replica) => replica.stop()));
  }

  private async crash(place: number): Promise<void> {
    const replica = this.replicas[place];
    if (replica === undefined || this.frozen.has(replica)) return;
    this.happened.crashes += 1;
    replica.crash();
    this.replicas[place] = await this.replica();
  }

  private cut(place: number): void {
    this.happened.cuts += 1;
    this.replicas[place]?.cutConnections();
  }

  private freeze(place: number): void {
    const replica = this.replicas[place];
    if (replica === undefined || this.frozen.has(replica)) return;
    this.happened.zombies += 1;
    replica.freeze();
    const thawed = pause(FROZEN_MS).then(() => {
      replica.thaw();
      this.frozen.delete(replica);
    });
    this.frozen.set(replica, thawed);
  }

  private replica(): Promise<Replica> {
    return startReplica(this.engine, {
      leaseSeconds: LEASE_SECONDS,
      batchSize: this.random.between(1, 200),
      pollInterval: this.random.between(2, 10),
      concurrency: 32,
    });
  }
}
