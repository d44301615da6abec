import type { Database } from '../../../lib/database.js';
import { Backlog, type Waiting } from '../../../lib/pipeline/claim/backlog.js';
import { failureOf } from '../../../lib/pipeline/dispatcher-failure.js';
import type { ClaimedEvent, TriggerId } from '../../../lib/pipeline/event.js';
import { Holdings } from '../../../lib/pipeline/holdings.js';
import {
  holdsUp,
  type Attempt,
  type Decision,
  type OpenBatch,
} from '../../../lib/pipeline/record/attempt.js';
import type { Engine } from '../support/engine.js';
import { expireLease } from '../support/leases.js';
import { attemptsAtEvents, TestDispatcher } from '../support/test-dispatcher.js';
import type { Ledger } from './ledger.js';
import { LossyConnections, LostCall, type Loss } from './lossy-connections.js';

/** Longer than any run: leases run out when a command says so. */
const LEASE_SECONDS = 600;
/** A flush that fails because the name is dead is repeated once: what it holds may still be told. */
const LAST_TRIES = 2;

/** The streams of a run. */
export interface ModelStreams {
  readonly ordered: TriggerId;
  readonly free: TriggerId;
}

/**
 * A dispatcher whose steps come from outside: the real backlog with its lanes, the real holdings, claims and
 * records, and in place of requests a decision about what became of them.
 */
export class ModelDispatcher {
  private readonly backlog = new Backlog<OpenBatch>();
  private readonly holdings = new Holdings();
  private readonly underWay: Waiting<OpenBatch>[] = [];
  private readonly names = new Set<string>();
  private turns = 0;
  /** Whether its lease holds by its own clock. */
  private isTrusted = true;

  private constructor(
    private readonly engine: Engine,
    private readonly streams: ModelStreams,
    private readonly ledger: Ledger,
    private readonly wire: LossyConnections,
    private readonly stages: TestDispatcher,
  ) {
    this.names.add(stages.id);
  }

  static async start(
    engine: Engine,
    connections: Database,
    streams: ModelStreams,
    ledger: Ledger,
    pageSize: number,
  ): Promise<ModelDispatcher> {
    const wire = new LossyConnections(connections);
    const stages = await TestDispatcher.start(engine, {
      connections: wire as unknown as Database,
      events: pageSize,
      leaseSeconds: LEASE_SECONDS,
    });
    return new ModelDispatcher(engine, streams, ledger, wire, stages);
  }

  loseNext(loss: Loss): void {
    this.wire.loseNext(loss);
  }

  /** Claims pages and due retries, and may take along what is to be recorded. */
  async turn(retries: number, records: boolean): Promise<void> {
    await this.orDoubt(async () => {
      const { claimer, recorder, lease } = this.stages;
      const { ordered, free } = this.streams;
      const both = [ordered, free];
      const turn = (this.turns += 1);
      const record = records ? recorder.take(performance.now()) : null;
      const claims = await claimer.claim(
        lease.id,
        { eligible: both, hot: both, retries, retried: both, exclusive: [ordered] },
        record ?? undefined,
      );
      if (record !== null) this.confirm(recorder.confirm());
      for (const batch of claims.batches) {
        this.ledger.page(batch.events);
        this.add(batch.events, this.holdings.batches.open(batch), turn);
      }
      this.ledger.retry(claims.retries);
      this.addRetries(claims.retries, turn);
    });
  }

  async recover(most: number): Promise<void> {
    await this.orDoubt(async () => {
      const turn = (this.turns += 1);
      const { ordered, free } = this.streams;
      for (const batch of await this.stages.recover([ordered, free], most)) {
        this.ledger.inherit(batch.events);
        this.add(batch.events, this.holdings.batches.inherit(batch), turn);
      }
    });
  }

  async record(): Promise<void> {
    await this.orDoubt(async () => {
      const { recorder, lease } = this.stages;
      this.confirm(await recorder.write(lease.id, performance.now()));
    });
  }

  /** Sends requests, at most so many; returns whether there was any to send. */
  begin(most: number): boolean {
    const before = this.underWay.length;
    while (this.isTrusted && this.underWay.length < before + most) {
      const item = this.backlog.next();
      if (item === undefined) break;
      this.ledger.begin(item.event);
      this.underWay.push(item);
    }
    return this.underWay.length > before;
  }

  /** The oldest request under way is over. */
  end(decision: Decision): void {
    const item = this.underWay.shift();
    if (item === undefined) return;
    if (decision.kind === 'delivered') this.ledger.acknowledge(item.event);
    if (decision.kind === 'dead' && this.isTrusted) this.ledger.giveUp(item.event);
    const attempt = this.note(item, decision);
    if (holdsUp(attempt)) for (const behind of this.backlog.fail(item)) this.park(behind);
    else this.backlog.finish(item);
  }

  /** Sends all there is and ends it well. */
  deliverAll(): void {
    do while (this.underWay.length > 0) this.end({ kind: 'delivered' });
    while (this.begin(1));
  }

  /** It stands still for so long that its lease runs out, or for ever. */
  async outliveLease(): Promise<void> {
    this.isTrusted = false;
    for (const id of this.names) await expireLease(this.engine, { id });
  }

  /** Leaves in good order. */
  async leave(): Promise<void> {
    const { recorder, lease } = this.stages;
    this.backlog.clear();
    while (this.underWay.length > 0) this.end({ kind: 'delivered' });
    for (let tries = 0; tries < LAST_TRIES && recorder.size > 0; tries += 1)
      await this.suspecting(async () => recorder.flush(lease.id, () => performance.now()));
    await this.suspecting(async () => lease.release(this.holdings.lowest()));
    // A call that got lost on the way out leaves it to the lease.
    await this.outliveLease();
  }

  private add(events: readonly ClaimedEvent[], batch: OpenBatch, turn: number): void {
    const ordered = this.isOrdered(batch.triggerId);
    for (const event of events) {
      const item = { event, batch };
      if (this.backlog.add(item, { ordered, turn }) === 'parked') this.park(item);
    }
  }

  private addRetries(retries: readonly ClaimedEvent[], turn: number): void {
    const inOrder = retries.toSorted((one, other) => Number(one.number) - Number(other.number));
    for (const event of inOrder) {
      this.holdings.retries.add(event);
      const item = { event, batch: null };
      const arrival = { ordered: this.isOrdered(event.triggerId), turn };
      const how = arrival.ordered ? 'add' : 'addFirst';
      if (this.backlog[how](item, arrival) === 'parked') this.park(item);
    }
  }

  private park(item: Waiting<OpenBatch>): void {
    this.note(item, { kind: 'parked' });
  }

  private note({ event, batch }: Waiting<OpenBatch>, decision: Decision): Attempt {
    const [attempt] = attemptsAtEvents([event], decision, batch, this.isOrdered(event.triggerId));
    this.stages.recorder.add(attempt!);
    return attempt!;
  }

  private confirm(recorded: readonly Attempt[]): void {
    this.holdings.retries.settle(recorded);
    for (const trigger of Object.values(this.streams) as TriggerId[]) {
      const held = recorded
        .filter((attempt) => attempt.event.triggerId === trigger && holdsUp(attempt))
        .map(({ event }) => event);
      if (held.length > 0) this.backlog.recorded(trigger, held, this.turns, this.turns);
    }
    for (const { event, batch, decision } of recorded) {
      const isHolder = batch === null || (batch.held && this.isTrusted);
      if (decision.kind === 'delivered') this.ledger.succeed(event, isHolder);
    }
  }

  /** Before a step it finds out what it holds, where it cannot be sure. */
  private async orDoubt(step: () => Promise<void>): Promise<void> {
    await this.suspecting(async () => {
      if (this.holdings.isDoubtful) await this.regainFooting();
      await step();
    });
  }

  private async suspecting(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (failureOf(error).kind === 'lease-lost') this.holdings.doubt('lease-lost');
      else if (error instanceof LostCall) this.holdings.doubt('answer-lost');
      else throw error;
    } finally {
      this.names.add(this.stages.id);
    }
  }

  private async regainFooting(): Promise<void> {
    const { claimer, lease } = this.stages;
    claimer.forget();
    if (!(await this.holdings.regain(lease))) {
      this.backlog.clear();
      await this.holdings.letGo(lease);
    }
    this.isTrusted = true;
  }

  private isOrdered(trigger: TriggerId): boolean {
    return trigger === this.streams.ordered;
  }
}
