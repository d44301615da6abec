import { Alarm } from './alarm.js';
import type { StoredTrigger } from './attach/stored-trigger.js';
import type { ClaimedBatch } from './claim/claimed-rows.js';
import type { DispatcherLease } from './claim/dispatcher-lease.js';
import type { EventClaimer } from './claim/event-claimer.js';
import type { KnownTriggers } from './claim/known-triggers.js';
import { PollPace } from './claim/poll-pace.js';
import type { Destination } from './deliver/destination.js';
import type { EventDeliverer } from './deliver/event-deliverer.js';
import { Deliveries } from './deliveries.js';
import { failureOf, messageOf, pauseAfter } from './dispatcher-failure.js';
import type { TriggerId } from './event.js';
import { Holdings } from './holdings.js';
import type { AttemptRecorder } from './record/attempt-recorder.js';
import { Streams } from './streams.js';

/** What the dispatcher tells about itself: changes of state, never a line per event. */
export interface DispatcherLog {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
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
  /** Throws when this process lacks what it takes to reach the trigger's destination. */
  resolve(trigger: StoredTrigger): Destination;
}

/** Definitions, lease and inheritance are looked after at this pace: a definition holds everywhere within it. */
const CHORES_EVERY_MS = 1_000;
/** A lease is renewed this often before it would run out. */
const RENEWALS_PER_LEASE = 3;
/** Retries are due by the second, not by the millisecond. */
const RETRIES_EVERY_MS = 50;
const RETRY_FLOOR_EVERY_MS = 60_000;
/** No further page is claimed while this much waits in memory. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** Pages taken over from a dead dispatcher at a time. */
const MOST_INHERITED = 8;

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
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();
  private chores: Promise<void> = Promise.resolve();
  private recording: Promise<void> = Promise.resolve();
  private failures = 0;
  private heirsWanted = false;
  private nextRenewal = 0;
  private nextRetries = 0;
  private nextRetryFloor = 0;

  constructor(
    private readonly stages: Stages,
    private readonly settings: DispatcherSettings,
    private readonly log: DispatcherLog,
  ) {
    this.pace = new PollPace(settings.pollInterval, now());
    this.deliveries = new Deliveries(stages, this.streams, settings.concurrency, (trigger) => {
      if (this.stopping) return;
      this.recordAside();
      if (this.wantsTurn(trigger)) this.alarm.ring();
    });
  }

  /**
   * Registers this replica and begins to claim one poll interval later: an application that receives its
   * own webhooks listens only after its bootstrap.
   *
   * @returns the timer of the chores, for the registry of a scheduler
   */
  async start(): Promise<NodeJS.Timeout> {
    await this.stages.lease.register();
    this.nextRenewal = now() + this.renewalInterval();
    await this.learnTriggers();
    this.loop = this.run();
    return this.beginChores();
  }

  /** Stops claiming, lets requests end up to the deadline, records them and hands back the rest. */
  async stop(): Promise<void> {
    const { deliverer, lease } = this.stages;
    this.stopping = true;
    this.alarm.ring();
    // The timer in the registry ends with the application; the lease has to outlast the requests.
    const chores = this.beginChores();
    try {
      await this.loop;
      await this.deliveries.drain(this.settings.drainSeconds * 1_000);
      clearInterval(chores);
      await this.chores;
      await this.recordRest();
      await lease.release(this.holdings.lowest());
    } finally {
      clearInterval(chores);
      await deliverer.close();
    }
  }

  private beginChores(): NodeJS.Timeout {
    return setInterval(
      () => void this.serially(() => this.doChores()),
      Math.min(CHORES_EVERY_MS, this.renewalInterval()),
    );
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
        if (this.holdings.isDoubtful) await this.serially(() => this.regainFooting());
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
    const eligible = this.withRoom();
    const record = recorder.dueIn(now()) === 0 ? recorder.take(now()) : null;
    const claims = await claimer.claim(
      lease.id,
      {
        eligible,
        hot: eligible.filter((trigger) => this.streams.isHot(trigger)),
        retries: this.retriesWanted(),
      },
      record ?? undefined,
    );
    if (record !== null) this.holdings.retries.settle(recorder.confirm());
    const served = new Set(claims.batches.map(({ triggerId }) => triggerId));
    this.streams.remember(eligible, claims.again, served);
    this.heirsWanted = claims.dead > 0;
    for (const batch of claims.batches) {
      this.deliveries.add(batch.events, this.holdings.batches.open(batch));
    }
    for (const event of claims.retries) this.holdings.retries.add(event);
    this.deliveries.add(claims.retries, null);
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
      .catch(() => undefined)
      .then(() => {
        this.recordAside();
        if (recorder.dueIn(now()) === 0) this.alarm.ring();
      });
  }

  private wantsTurn(trigger: TriggerId): boolean {
    if (this.stages.recorder.dueIn(now()) === 0) return true;
    return this.streams.isHot(trigger) && this.hasRoom(trigger);
  }

  private withRoom(): TriggerId[] {
    if (this.deliveries.bytes >= MOST_WAITING_BYTES) return [];
    return this.streams.claimable().filter((trigger) => this.hasRoom(trigger));
  }

  /** The next page is fetched while one still waits, so that the database and the sender work side by side. */
  private hasRoom(trigger: TriggerId): boolean {
    return this.deliveries.waiting(trigger) <= this.settings.batchSize;
  }

  private retriesWanted(): number {
    if (now() < this.nextRetries) return 0;
    this.nextRetries = now() + RETRIES_EVERY_MS;
    return this.deliveries.room;
  }

  private pauseAfterTurn(): number {
    if (this.withRoom().some((trigger) => this.streams.isHot(trigger))) return 0;
    const flush = this.stages.recorder.dueIn(now()) ?? Number.POSITIVE_INFINITY;
    return Math.min(flush, this.pace.next(now()));
  }

  private async doChores(): Promise<void> {
    try {
      if (now() >= this.nextRenewal) await this.renewLease();
      if (this.stopping) {
        await this.recordRest();
        return;
      }
      await this.learnTriggers();
      if (this.heirsWanted && !this.holdings.isDoubtful) await this.inherit();
      if (now() >= this.nextRetryFloor) await this.raiseRetryFloor();
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'stream-damaged') this.halt(failure.trigger, error);
      else if (this.failures === 0)
        this.log.warn(`The dispatcher skipped a round of upkeep: ${messageOf(error)}`);
    }
  }

  /** Upkeep never overlaps, so that no two steps of it disagree about what is in hand. */
  private async serially(work: () => Promise<void>): Promise<void> {
    const done = this.chores.then(work);
    this.chores = done.catch(() => undefined);
    await done;
  }

  private async renewLease(): Promise<void> {
    this.nextRenewal = now() + this.renewalInterval();
    const renewed = await this.stages.lease.renew(this.holdings.batches.floor());
    if (renewed) return;
    this.holdings.doubt('lease-lost');
    this.alarm.ring();
  }

  private renewalInterval(): number {
    return (this.settings.leaseSeconds * 1_000) / RENEWALS_PER_LEASE;
  }

  private async raiseRetryFloor(): Promise<void> {
    this.nextRetryFloor = now() + RETRY_FLOOR_EVERY_MS;
    await this.stages.claimer.raiseRetryFloor();
  }

  private async learnTriggers(): Promise<void> {
    const changed = await this.stages.triggers.changed();
    for (const trigger of changed ?? []) {
      try {
        const destination = this.stages.resolve(trigger);
        this.streams.set({ trigger, destination, claimable: true });
      } catch (error) {
        const known = this.streams.get(trigger.id);
        if (known !== undefined) this.streams.set({ ...known, claimable: false });
        this.log.error(`${messageOf(error)}. Its events wait for a replica that can deliver them.`);
      }
    }
  }

  private async inherit(): Promise<void> {
    const heritage = await this.takeOver();
    if (heritage.length === 0) return;
    this.log.warn(`Took over ${heritage.length} batches of a dispatcher that is gone`);
    for (const batch of heritage) {
      this.deliveries.add(batch.events, this.holdings.batches.inherit(batch));
    }
    this.deliveries.begin();
  }

  private async takeOver(): Promise<ClaimedBatch[]> {
    const { claimer, lease } = this.stages;
    try {
      return await claimer.recover(lease.id, this.streams.claimable(), MOST_INHERITED);
    } catch (error) {
      this.holdings.doubt('answer-lost');
      this.alarm.ring();
      throw error;
    }
  }

  private async recover(error: unknown): Promise<void> {
    const failure = failureOf(error);
    if (failure.kind === 'stream-damaged') {
      this.halt(failure.trigger, error);
      return;
    }
    this.failures += 1;
    if (failure.kind === 'lease-lost') {
      this.holdings.doubt('lease-lost');
      return;
    }
    if (failure.kind === 'log-unreachable') this.holdings.doubt('answer-lost');
    if (this.failures === 1)
      this.log.error(`The dispatcher cannot work on its log: ${messageOf(error)}`);
    await this.alarm.wait(pauseAfter(this.failures));
  }

  private halt(trigger: TriggerId, error: unknown): void {
    this.streams.halt(trigger);
    this.log.error(`One stream stands still: ${messageOf(error)}`);
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
    this.nextRenewal = now() + this.renewalInterval();
  }
}

/** Monotonic: a clock that is set back must not stop the loop. */
const now = (): number => performance.now();
