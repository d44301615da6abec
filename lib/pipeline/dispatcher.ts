import { Alarm } from './alarm.js';
import { PollPace } from './claim/poll-pace.js';
import { Deliveries } from './deliveries.js';
import { DeliveryNews } from './delivery-news.js';
import { failureOf, messageOf, pauseAfter, type Failure } from './dispatcher-failure.js';
import type { TriggerId } from './event.js';
import { Holdings } from './holdings.js';
import { insistently } from './insistently.js';
import type { DispatcherLog, DispatcherSettings, Stages } from './stages.js';
import { Streams } from './streams.js';
import { Upkeep } from './upkeep.js';

/** Retries are due by the second, not by the millisecond. */
const RETRIES_EVERY_MS = 50;
/** A backlog that keeps all slots busy must not keep retries out: they get this part of the slots. */
const RETRY_SHARE = 1 / 8;
/** On the way out a call that fails is repeated for so long: a short outage need not repeat deliveries. */
const LAST_CALLS_MS = 5_000;

/**
 * The loop in every replica: claim → deliver → record → retry.
 *
 * What must hold: no transaction is open while a request is under way; nothing is claimed that there is no
 * room for; whatever was claimed is recorded, handed back, or left for the lease to run out.
 */
export class Dispatcher {
  private readonly streams = new Streams();
  private readonly holdings = new Holdings();
  private readonly alarm = new Alarm();
  private readonly pace: PollPace;
  private readonly deliveries: Deliveries;
  private readonly upkeep: Upkeep;
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();
  private recording: Promise<void> = Promise.resolve();
  private failures = 0;
  private nextRetries = 0;

  constructor(
    private readonly stages: Stages,
    private readonly settings: DispatcherSettings,
    private readonly log: DispatcherLog,
  ) {
    this.pace = new PollPace(settings.pollInterval, now());
    const news = new DeliveryNews(log);
    this.deliveries = new Deliveries(
      stages,
      this.streams,
      news,
      settings.concurrency,
      (trigger) => {
        if (this.stopping) return;
        this.recordAside();
        this.callForTurn(trigger);
      },
    );
    const { streams, holdings, deliveries, alarm } = this;
    const hands = { streams, holdings, deliveries, alarm };
    this.upkeep = new Upkeep(stages, hands, settings.leaseSeconds, log);
  }

  /**
   * Registers this replica and begins to claim one poll interval later: an application that receives its
   * own webhooks listens only after its bootstrap.
   *
   * @returns the timer of the upkeep, for the registry of a scheduler
   */
  async start(): Promise<NodeJS.Timeout> {
    await this.upkeep.prepare();
    this.loop = this.run();
    return this.upkeep.begin();
  }

  /** Stops claiming, lets requests end up to the deadline, records them and hands back the rest. */
  async stop(): Promise<void> {
    const { deliverer, lease } = this.stages;
    this.stopping = true;
    this.alarm.ring();
    // The timer in the registry ends with the application; the lease has to outlast the requests.
    let turning = true;
    this.upkeep.beginLast(async () => {
      if (!turning) await this.recordRest();
    });
    try {
      await this.loop;
      turning = false;
      await this.deliveries.drain(this.settings.drainSeconds * 1_000);
      await this.upkeep.end();
      try {
        await insistently(LAST_CALLS_MS, () => this.recordRest());
      } finally {
        await insistently(LAST_CALLS_MS, () => lease.release(this.holdings.lowest()));
      }
    } finally {
      await this.upkeep.end();
      await deliverer.close();
    }
  }

  /** For when no turn takes groups along any more. */
  private async recordRest(): Promise<void> {
    const { lease, recorder } = this.stages;
    await this.recording;
    await recorder.flush(lease.id, now);
  }

  private async run(): Promise<void> {
    await this.alarm.wait(this.settings.pollInterval);
    while (!this.stopping) {
      try {
        if (this.holdings.isDoubtful) await this.upkeep.serially(() => this.regainFooting());
        await this.turn();
        await this.alarm.wait(this.pauseAfterTurn());
      } catch (error) {
        await this.recover(error);
      }
    }
  }

  /** Claims what there is room for, records what is over, sends what waits. */
  private async turn(): Promise<void> {
    const { claimer, lease, recorder } = this.stages;
    const claimable = this.streams.claimable();
    const eligible = claimable.filter((trigger) => this.hasRoom(trigger));
    const record = recorder.dueIn(now()) === 0 ? recorder.take(now()) : null;
    const claims = await claimer.claim(
      lease.id,
      {
        eligible,
        hot: eligible.filter((trigger) => this.streams.isHot(trigger)),
        retries: this.retriesWanted(),
        retried: claimable,
      },
      record ?? undefined,
    );
    if (record !== null) this.holdings.retries.settle(recorder.confirm());
    const served = new Set(claims.batches.map(({ triggerId }) => triggerId));
    this.streams.remember(eligible, claims.again, served);
    this.upkeep.wantHeirs(claims.dead > 0);
    for (const batch of claims.batches) {
      this.deliveries.add(batch.events, this.holdings.batches.open(batch));
    }
    for (const event of claims.retries) this.holdings.retries.add(event);
    this.deliveries.addRetries(claims.retries);
    if (claims.batches.length + claims.retries.length > 0) this.pace.awaken(now());
    if (this.failures > 0) this.log.log('The dispatcher reaches its log again');
    this.failures = 0;
    // After the next turn has sent its question: the database works on it while these are sent.
    setImmediate(() => this.deliveries.begin());
  }

  /**
   * Records a full group while the next page is claimed: on one connection they would wait for each other.
   * A group that fails stays with the recorder, and the next turn takes it along.
   */
  private recordAside(): void {
    const { lease, recorder } = this.stages;
    if (!recorder.isFull || this.stopping || this.holdings.isDoubtful) return;
    this.recording = recorder
      .write(lease.id, now())
      .then((recorded) => this.holdings.retries.settle(recorded))
      .catch((error: unknown) => this.doubtAfter(failureOf(error)))
      .then(() => {
        this.recordAside();
        if (recorder.dueIn(now()) === 0) this.alarm.ring();
      });
  }

  /** An attempt at an event of this trigger has ended. */
  private callForTurn(trigger: TriggerId): void {
    const due = this.stages.recorder.dueIn(now());
    if (due === 0 || (this.streams.isHot(trigger) && this.hasRoom(trigger))) this.alarm.ring();
    else if (due !== null) this.alarm.ringWithin(due);
  }

  /** The next page is fetched while one still waits, so that the database and the sender work side by side. */
  private hasRoom(trigger: TriggerId): boolean {
    const { deliveries } = this;
    return deliveries.waiting(trigger) <= this.settings.batchSize && !deliveries.isFull;
  }

  private retriesWanted(): number {
    if (now() < this.nextRetries || this.deliveries.isFull) return 0;
    this.nextRetries = now() + RETRIES_EVERY_MS;
    const share = Math.ceil(this.settings.concurrency * RETRY_SHARE);
    return Math.max(0, Math.max(this.deliveries.room, share) - this.holdings.retries.size);
  }

  private pauseAfterTurn(): number {
    const { streams } = this;
    if (streams.claimable().some((trigger) => streams.isHot(trigger) && this.hasRoom(trigger)))
      return 0;
    const flush = this.stages.recorder.dueIn(now()) ?? Number.POSITIVE_INFINITY;
    return Math.min(flush, this.pace.next(now()));
  }

  private async recover(error: unknown): Promise<void> {
    const failure = failureOf(error);
    if (failure.kind === 'stream-damaged') {
      this.upkeep.halt(failure.trigger, error);
      return;
    }
    this.failures += 1;
    this.doubtAfter(failure);
    if (failure.kind === 'lease-lost') return;
    if (this.failures === 1)
      this.log.error(`The dispatcher cannot work on its log: ${messageOf(error)}`);
    await this.alarm.wait(pauseAfter(this.failures));
  }

  private doubtAfter({ kind }: Failure): void {
    if (kind === 'lease-lost') this.holdings.doubt('lease-lost');
    if (kind === 'log-unreachable') this.holdings.doubt('answer-lost');
  }

  /** Finds out what is ours and goes on with that. What is under way ends and is recorded in any case. */
  private async regainFooting(): Promise<void> {
    const { claimer, lease } = this.stages;
    // What it says of retries is said in the name that is about to be given up.
    await this.recording;
    claimer.forget();
    this.streams.heatAll();
    if (!(await this.holdings.regain(lease))) {
      this.deliveries.clear();
      await this.holdings.letGo(lease);
      this.log.warn('The dispatcher lost what it held and went on with empty hands');
    }
    this.upkeep.leaseBegan();
  }
}

/** Monotonic: a clock that is set back must not stop the loop. */
const now = (): number => performance.now();
