import { Alarm } from './alarm.js';
import { PollPace } from './claim/poll-pace.js';
import { Deliveries } from './deliveries.js';
import { DeliveryNews } from './delivery-news.js';
import { failureOf, messageOf, pauseAfter, type Failure } from './dispatcher-failure.js';
import type { DispatcherLoad } from './dispatcher-load.js';
import { observed } from './dispatcher-observer.js';
import type { TriggerId } from './event.js';
import { Holdings } from './holdings.js';
import { insistently } from './insistently.js';
import type { Attempt } from './record/attempt.js';
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
  private problem: string | null = null;
  private nextRetries = 0;
  /** When the loop means to look again. */
  private nextTurn = Number.POSITIVE_INFINITY;

  constructor(
    private readonly stages: Stages,
    private readonly settings: DispatcherSettings,
    private readonly log: DispatcherLog,
  ) {
    this.pace = new PollPace(settings.pollInterval, now());
    const news = new DeliveryNews(log);
    this.deliveries = new Deliveries(stages, this.streams, news, {
      ...settings,
      mayBegin: () => stages.lease.isTrusted(now()),
      ended: (trigger) => {
        if (this.stopping) return;
        this.recordAside();
        this.callForTurn(trigger);
      },
    });
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
    this.stages.listener?.start({
      rows: () => {
        this.stages.wakefulness.notify();
        this.alarm.ring();
      },
      doubt: () => {
        this.stages.wakefulness.awaken();
        this.alarm.ring();
      },
      definitions: () => this.upkeep.learnSoon(),
      reconnected: () => this.stages.observer?.reconnected(),
    });
    this.loop = this.run();
    return this.upkeep.begin();
  }

  /** Milliseconds since an event came; 0 while one is under way or has to be written down. */
  quietFor(): number {
    const { deliveries, stages } = this;
    return deliveries.isBusy || stages.recorder.size > 0 ? 0 : this.pace.quietFor(now());
  }

  /** Why it does not deliver, or not all. */
  problems(): string[] {
    return [...(this.problem === null ? [] : [this.problem]), ...this.upkeep.problems.values()];
  }

  /** What it has in its hands now, and whether it keeps up. */
  load(): DispatcherLoad {
    const streams = this.streams.all();
    const keptBack = streams.filter(({ gate }) => !gate.mayClaim(now()));
    return {
      inFlight: new Map(streams.map(({ trigger, gate }) => [trigger.name, gate.attempts])),
      keptBack: new Set(keptBack.map(({ trigger }) => trigger.name)),
      waiting: this.deliveries.waiting,
      lateBy: this.stopping ? 0 : Math.max(0, now() - this.nextTurn),
      isListening: this.stages.wakefulness.isListening,
    };
  }

  /**
   * Leaves the logs in order for a while without a dispatcher.
   *
   * @returns milliseconds until a retry is due; null where none waits
   */
  async prepareAbsence(): Promise<number | null> {
    await this.upkeep.keepLogs();
    const { streams } = this;
    // What waits of a paused one is due for nobody.
    const delivered = streams.claimable().filter((id) => streams.get(id)?.trigger.paused !== true);
    return this.stages.claimer.nextDue(delivered);
  }

  /** Stops claiming, lets requests end up to the deadline, records them and hands back the rest. */
  async stop(): Promise<void> {
    const { deliverer, lease, listener, wakefulness } = this.stages;
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
      await listener?.stop();
      await wakefulness.leave(lease.id).catch(() => undefined);
      await this.stages.tally.flush().catch(() => undefined);
      await deliverer.close();
    }
  }

  /** For when no turn takes groups along any more. */
  private async recordRest(): Promise<void> {
    const { lease, recorder } = this.stages;
    await this.recording;
    await recorder.flush(lease.id, now, (recorded) => this.confirm(recorded));
  }

  private async run(): Promise<void> {
    await this.alarm.wait(this.settings.pollInterval);
    while (!this.stopping) {
      this.nextTurn = Math.min(this.nextTurn, now());
      try {
        if (this.holdings.isDoubtful) await this.upkeep.serially(() => this.regainFooting());
        if (this.upkeep.mayInherit()) await this.upkeep.serially(() => this.upkeep.inherit());
        await this.deliveries.during((turn) => this.turn(turn));
        await this.rest();
      } catch (error) {
        await this.recover(error);
      }
    }
  }

  /** Claims what there is room for, records what is over, sends what waits. */
  private async turn(turn: number): Promise<void> {
    const { claimer, lease, observer, recorder } = this.stages;
    const { deliveries, streams } = this;
    const claimable = streams.claimable();
    const eligible = claimable.filter((trigger) => deliveries.hasRoom(trigger));
    const retried = claimable.filter((trigger) => this.mayRetry(trigger));
    const record = recorder.dueIn(now()) === 0 ? recorder.take(now()) : null;
    const request = {
      eligible,
      hot: eligible.filter((trigger) => streams.isHot(trigger) || streams.isLeft(trigger)),
      retries: this.retriesWanted(),
      retried,
      exclusive: streams.exclusive(retried),
    };
    const claims = await observed(claimer.claim(lease.id, request, record ?? undefined), observer);
    if (record !== null) this.confirm(recorder.confirm());
    const served = new Set(claims.batches.map(({ triggerId }) => triggerId));
    streams.remember(eligible, claims.again, served);
    streams.leave(claims.elsewhere);
    this.upkeep.wantHeirs(claims.dead > 0);
    for (const batch of claims.batches) {
      deliveries.add(batch.events, this.holdings.batches.open(batch), turn);
      const name = streams.get(batch.triggerId)?.trigger.name;
      if (name !== undefined) observer?.batchClaimed(name, batch.events.length);
    }
    for (const event of claims.retries) this.holdings.retries.add(event);
    deliveries.addRetries(claims.retries, turn);
    if (claims.batches.length + claims.retries.length > 0) this.pace.awaken(now());
    // A lease that was lost is a failure too, and was told as what it is.
    if (this.problem !== null) {
      this.log.log('The dispatcher reaches its log again', { code: 'log-reached' });
      observer?.reconnected();
    }
    this.failures = 0;
    this.problem = null;
    // After the next turn has sent its question: the database works on it while these are sent.
    setImmediate(() => deliveries.begin());
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
      .then((recorded) => this.confirm(recorded))
      .catch((error: unknown) => this.doubtAfter(failureOf(error)))
      .then(() => {
        this.recordAside();
        if (recorder.dueIn(now()) === 0) this.alarm.ring();
      });
  }

  /** The database holds what became of these. */
  private confirm(recorded: readonly Attempt[]): void {
    if (recorded.length > 0) this.stages.observer?.groupRecorded();
    this.holdings.retries.settle(recorded);
    this.stages.deadLetters.tell(recorded, this.streams);
    // What became a retry may be due before the time that was looked up when it fell asleep.
    this.stages.wakefulness.awaken();
    this.deliveries.recorded(recorded);
  }

  /** An attempt at an event of this trigger has ended, or another one may begin. */
  private callForTurn(trigger: TriggerId): void {
    const due = this.stages.recorder.dueIn(now());
    if (due === 0 || (this.streams.isHot(trigger) && this.deliveries.hasRoom(trigger)))
      this.alarm.ring();
    else if (due !== null) this.alarm.ringWithin(due);
  }

  /** Also one whose pages have no room, but not one that has as many in hand as it may attempt at a time. */
  private mayRetry(trigger: TriggerId): boolean {
    const { concurrency = 0, bundle } = this.streams.get(trigger)?.trigger ?? {};
    const most = concurrency * (bundle?.size ?? 1);
    return this.holdings.retries.of(trigger) < most && this.deliveries.mayClaim(trigger);
  }

  private retriesWanted(): number {
    if (now() < this.nextRetries || this.deliveries.isFull) return 0;
    this.nextRetries = now() + RETRIES_EVERY_MS;
    const share = Math.ceil(this.settings.concurrency * RETRY_SHARE);
    return Math.max(this.deliveries.room, share);
  }

  /** Waits for what comes next, asleep where it is woken. */
  private async rest(): Promise<void> {
    const { lease, wakefulness } = this.stages;
    const outlook = {
      pace: this.pace.next(now()),
      atMost: this.mostToWait(),
      isQuiet: this.pace.isQuiet(now()),
    };
    const retried = (): TriggerId[] =>
      this.streams.claimable().filter((trigger) => this.mayRetry(trigger));
    const pause = await wakefulness.rest(lease.id, outlook, retried, now());
    this.nextTurn = now() + pause;
    await this.alarm.wait(pause);
  }

  /** Milliseconds until something has to be asked for or written down whether or not there is news. */
  private mostToWait(): number {
    const { streams, deliveries } = this;
    const isHot = (trigger: TriggerId): boolean =>
      streams.isHot(trigger) && deliveries.hasRoom(trigger);
    if (streams.claimable().some(isHot)) return 0;
    const flush = this.stages.recorder.dueIn(now()) ?? Number.POSITIVE_INFINITY;
    return Math.min(flush, streams.nextLeft);
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
    const isNews = this.problem === null;
    this.problem = `The dispatcher cannot work on its log: ${messageOf(error)}`;
    if (isNews) this.log.error(this.problem, { code: 'log-unreachable' });
    await this.pause(pauseAfter(this.failures));
  }

  /** Attempts that end ring meanwhile, which must not have a database that comes back asked without a pause. */
  private async pause(milliseconds: number): Promise<void> {
    const until = now() + milliseconds;
    while (!this.stopping && now() < until) await this.alarm.wait(until - now());
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
    this.stages.wakefulness.renamed();
    this.streams.heatAll();
    if (!(await this.holdings.regain(lease))) {
      this.deliveries.clear();
      await this.holdings.letGo(lease);
      this.log.warn('The dispatcher lost what it held and went on with empty hands', {
        code: 'lease-lost',
      });
      this.stages.observer?.leaseLost();
    }
    this.upkeep.leaseBegan();
  }
}

/** Monotonic: a clock that is set back must not stop the loop. */
const now = (): number => performance.now();
