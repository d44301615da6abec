import type { EventNumber } from '../../../lib/pipeline/event.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { eventually } from '../../support/wait-until.js';
import { Ledger } from '../engine-model/ledger.js';
import { startReplica, type Replica } from '../support/replica.js';
import type { Ground } from './ground.js';
import { beyond, LogAccount } from './log-account.js';
import { MortalLife } from './mortal-life.js';
import { CHANGES, FREE_SLOTS } from './planned-change.js';
import { Transaction } from './transaction.js';
import { judge } from './verdict.js';
import { Witness, type Arrivals } from './witness.js';

/** A third of it, the time between two heartbeats, is shorter than the slow answer. */
const LEASE_SECONDS = 2;
/** So small that the changes make several pages. */
const PAGE = 4;
/** Slow enough that few calls are turns in which nothing happens. */
const POLL_MS = 25;
/** Two attempts: the first failure is retried, the second is the end. */
const RETRY = {
  attempts: 2,
  strategy: 'fixed',
  delay: 20,
  maxDelay: 20,
  maxAge: null,
  jitter: false,
} as const;
/** On a loaded machine. */
const OVER_WITHIN_MS = 20_000;

type Transactions = Record<keyof typeof CHANGES, Transaction>;

/**
 * A few changes for an ordered trigger and an unordered one, and dispatchers, one after the other, that deliver
 * them: with failures, a transaction that commits late, a look after the logs and a departure.
 */
export class Scene {
  /** What must not be, and was. */
  private readonly violations: string[] = [];
  /** Requests of which the log will never say anything, because their sender died before. */
  private lost: ReadonlyMap<EventNumber, Arrivals> = new Map();

  private constructor(
    private readonly ground: Ground,
    private readonly application: string,
    private readonly receiver: FakeReceiver,
    private readonly account: LogAccount,
    private readonly ledger: Ledger,
    private readonly witness: Witness,
    private readonly transactions: Transactions,
  ) {}

  static async begin(ground: Ground): Promise<Scene> {
    const receiver = await startFakeReceiver();
    const application = await ground.clear();
    const { engine, writers } = ground;
    const content = { webhook: receiver.url, retry: RETRY };
    const triggers = {
      ordered: await engine.addStream({ application, content: { ...content, ordering: 'row' } }),
      free: await engine.addStream({
        application,
        content: { ...content, concurrency: FREE_SLOTS },
      }),
    };
    const ledger = new Ledger();
    const begin = (place: number, changes: keyof typeof CHANGES): Promise<Transaction> =>
      Transaction.begin(writers[place]!, engine.schema, triggers, CHANGES[changes], ledger);
    const transactions = {
      first: await begin(0, 'first'),
      meanwhile: await begin(1, 'meanwhile'),
      rolledBack: await begin(2, 'rolledBack'),
      last: await begin(3, 'last'),
    };
    const witness = new Witness(ledger, (number) =>
      Object.values(transactions)
        .map((transaction) => transaction.find(number))
        .find((change) => change !== undefined),
    );
    receiver.respondWith(witness.respond);
    await transactions.first.commit();
    const account = new LogAccount(engine, triggers);
    return new Scene(ground, application, receiver, account, ledger, witness, transactions);
  }

  /**
   * One dispatcher from its start to its departure or death.
   *
   * @param sleeps whether it gets the time to fall asleep
   */
  async play(life: MortalLife, sleeps = false): Promise<void> {
    const starting = this.startIfPossible(life);
    await Promise.race([this.playUntilDeath(life, starting, sleeps), life.died]);
    if (!life.isDead) return;
    void starting.then((replica) => replica?.crash());
    await life.echo();
    this.lost = beyond(this.witness.arrivals, await this.account.attempts());
    await this.account.expireLeases();
  }

  /** One more dispatcher, which nothing befalls, finishes all. */
  async finish(): Promise<void> {
    const { rolledBack, meanwhile, last } = this.transactions;
    await rolledBack.rollBack();
    await meanwhile.commit();
    await last.commit();
    const replica = await this.start(new MortalLife([]));
    // Also of those who died and left nothing behind.
    const isAlone = async (): Promise<boolean> =>
      (await this.account.remainder()).dispatchers === 1;
    await eventually(async () => (await this.isSettled()) && (await isAlone()), {
      timeoutMs: OVER_WITHIN_MS,
      describe: 'the last dispatcher to finish',
    });
    await replica.stop();
  }

  async verdict(): Promise<string[]> {
    return judge({
      changes: Object.values(this.transactions).flatMap(({ committed }) => committed),
      owed: this.ledger.owed(),
      violations: [...this.witness.violations, ...this.violations],
      arrivals: this.witness.arrivals,
      lost: this.lost,
      attempts: await this.account.attempts(),
      deadLetters: await this.account.deadLetters(),
      remainder: await this.account.remainder(),
    });
  }

  async end(): Promise<void> {
    await this.receiver.close();
  }

  private async playUntilDeath(
    life: MortalLife,
    starting: Promise<Replica | null>,
    sleeps: boolean,
  ): Promise<void> {
    const replica = await starting;
    if (replica === null) return;
    const { rolledBack, meanwhile, last } = this.transactions;
    const steps = [
      () => this.until(life, 'a first request', () => this.witness.arrivals.size > 0),
      () => rolledBack.rollBack(),
      () => meanwhile.commit(),
      () => this.until(life, 'all that is committed to be delivered', () => this.isSettled()),
      () => this.until(life, 'sleep', () => !sleeps || life.hasMade('may-sleep')),
      // Whoever suspends a dispatcher lets it go whether or not it could do that.
      () => replica.prepareAbsence().catch(() => undefined),
      () => last.commit(),
      // It waits for a slot, if the moment is not missed.
      () =>
        this.until(
          life,
          'a retry',
          async () => (await this.account.isRetrying('free')) || this.isSettled(),
        ),
      () => this.leave(replica),
    ];
    for (const step of steps) {
      if (life.isDead) return;
      await step();
    }
  }

  private async leave(replica: Replica): Promise<void> {
    await replica.stop();
    if (await this.account.isRetrying('ordered', 'free'))
      this.violations.push('a dispatcher that has left has a retry in hand');
  }

  /** A process that cannot start ends. */
  private async startIfPossible(life: MortalLife): Promise<Replica | null> {
    try {
      return await this.start(life);
    } catch {
      life.end();
      return null;
    }
  }

  private async start(life: MortalLife): Promise<Replica> {
    const { engine, connections } = this.ground;
    return startReplica(engine, {
      application: this.application,
      connections,
      life,
      leaseSeconds: LEASE_SECONDS,
      batchSize: PAGE,
      pollInterval: POLL_MS,
      listen: true,
    });
  }

  private async until(
    life: MortalLife,
    describe: string,
    isSo: () => boolean | Promise<boolean>,
  ): Promise<void> {
    await eventually(async () => life.isDead || (await isSo()), {
      timeoutMs: OVER_WITHIN_MS,
      describe,
    });
  }

  private async isSettled(): Promise<boolean> {
    const { batches, retries } = await this.account.remainder();
    return batches + retries === 0 && this.ledger.owed().length === 0;
  }
}
