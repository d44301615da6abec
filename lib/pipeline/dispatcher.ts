import { Alarm } from './alarm.js';
import type { StoredTrigger } from './attach/stored-trigger.js';
import { Backlog, type Waiting } from './claim/backlog.js';
import type { ClaimedBatch } from './claim/claimed-rows.js';
import type { DispatcherLease } from './claim/dispatcher-lease.js';
import type { EventClaimer } from './claim/event-claimer.js';
import type { KnownTriggers } from './claim/known-triggers.js';
import { PollPace } from './claim/poll-pace.js';
import type { Destination } from './deliver/destination.js';
import type { EventDeliverer } from './deliver/event-deliverer.js';
import { failureOf, messageOf, pauseAfter } from './dispatcher-failure.js';
import type { TriggerId } from './event.js';
import type { OpenBatch } from './record/attempt.js';
import type { AttemptRecorder } from './record/attempt-recorder.js';
import { OpenBatches } from './record/open-batches.js';
import { decide } from './retry/retry-policy.js';
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
  private readonly backlog = new Backlog<OpenBatch>();
  private readonly batches = new OpenBatches();
  private readonly alarm = new Alarm();
  private readonly pace: PollPace;
  private inFlight = 0;
  private idle: (() => void) | null = null;
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();
  private chores: Promise<void> = Promise.resolve();
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
  }

  /**
   * Registers this replica and begins to claim one poll interval later: an application that receives its
   * own webhooks listens only after its bootstrap.
   *
   * @returns the timer of the chores, for the registry of a scheduler
   */
  async start(): Promise<NodeJS.Timeout> {
    await this.takeLease();
    await this.learnTriggers();
    this.loop = this.run();
    return setInterval(() => {
      this.chores = this.chores.then(() => this.doChores());
    }, CHORES_EVERY_MS);
  }

  /** Stops claiming, lets requests end up to the deadline, records them and hands back the rest. */
  async stop(): Promise<void> {
    const { lease, recorder } = this.stages;
    this.stopping = true;
    this.alarm.ring();
    await this.loop;
    this.backlog.clear();
    await this.drain();
    await this.chores;
    await recorder.flush(lease.id, now);
    await lease.release(this.batches.lowest());
  }

  private async run(): Promise<void> {
    await this.alarm.wait(this.settings.pollInterval);
    while (!this.stopping) {
      try {
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
    if (record !== null) recorder.confirm();
    const served = new Set(claims.batches.map(({ triggerId }) => triggerId));
    this.streams.remember(eligible, claims.again, served);
    this.heirsWanted = claims.dead > 0;
    for (const batch of claims.batches) this.accept(batch);
    for (const event of claims.retries) this.backlog.add({ event, batch: null });
    if (claims.batches.length + claims.retries.length > 0) this.pace.awaken(now());
    if (this.failures > 0) this.log.log('The dispatcher reaches its log again');
    this.failures = 0;
    this.deliverWaiting();
  }

  private accept(claimed: ClaimedBatch): void {
    const batch = this.batches.open(claimed);
    for (const event of claimed.events) this.backlog.add({ event, batch });
  }

  private deliverWaiting(): void {
    while (this.inFlight < this.settings.concurrency && !this.stopping) {
      const waiting = this.backlog.next();
      if (waiting === undefined) return;
      this.inFlight += 1;
      void this.attempt(waiting);
    }
  }

  /** Never rejects: whatever goes wrong with one event is its outcome. */
  private async attempt({ event, batch }: Waiting<OpenBatch>): Promise<void> {
    const stream = this.streams.get(event.triggerId);
    if (stream !== undefined) {
      const outcome = await this.stages.deliverer.deliver(stream.destination, event);
      const decision = decide(outcome, event, stream.trigger.retry, Date.now());
      this.stages.recorder.add({ event, batch, outcome, decision, endedAt: now() });
    }
    this.inFlight -= 1;
    if (this.stopping && this.inFlight === 0) this.idle?.();
    this.deliverWaiting();
    if (this.wantsTurn(event.triggerId)) this.alarm.ring();
  }

  private wantsTurn(trigger: TriggerId): boolean {
    if (this.stages.recorder.dueIn(now()) === 0) return true;
    return this.streams.isHot(trigger) && this.hasRoom(trigger);
  }

  private withRoom(): TriggerId[] {
    if (this.backlog.bytes >= MOST_WAITING_BYTES) return [];
    return this.streams.claimable().filter((trigger) => this.hasRoom(trigger));
  }

  /** The next page is fetched while half a page still waits, so that senders never run dry. */
  private hasRoom(trigger: TriggerId): boolean {
    return this.backlog.waiting(trigger) <= this.settings.batchSize / 2;
  }

  private retriesWanted(): number {
    if (now() < this.nextRetries) return 0;
    this.nextRetries = now() + RETRIES_EVERY_MS;
    return Math.max(0, this.settings.concurrency - this.inFlight);
  }

  private pauseAfterTurn(): number {
    if (this.withRoom().some((trigger) => this.streams.isHot(trigger))) return 0;
    const flush = this.stages.recorder.dueIn(now()) ?? Number.POSITIVE_INFINITY;
    return Math.min(flush, this.pace.next(now()));
  }

  private async doChores(): Promise<void> {
    try {
      if (now() >= this.nextRenewal) await this.renewLease();
      if (this.stopping) return;
      await this.learnTriggers();
      if (this.heirsWanted) await this.inherit();
      if (now() >= this.nextRetryFloor) await this.raiseRetryFloor();
    } catch (error) {
      if (this.failures === 0)
        this.log.warn(`The dispatcher skipped a round of upkeep: ${messageOf(error)}`);
    }
  }

  private async takeLease(): Promise<void> {
    await this.stages.lease.register();
    this.nextRenewal = now() + this.renewalInterval();
  }

  private async renewLease(): Promise<void> {
    this.nextRenewal = now() + this.renewalInterval();
    const renewed = await this.stages.lease.renew(this.batches.floor());
    if (!renewed && !this.stopping) await this.startOver();
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
        this.streams.set({ trigger, destination, claimable: trigger.enabled });
      } catch (error) {
        const known = this.streams.get(trigger.id);
        if (known !== undefined) this.streams.set({ ...known, claimable: false });
        this.log.error(`${messageOf(error)}. Its events wait for a replica that can deliver them.`);
      }
    }
  }

  private async inherit(): Promise<void> {
    const { claimer, lease } = this.stages;
    const heritage = await claimer.recover(lease.id, this.streams.claimable(), MOST_INHERITED);
    if (heritage.length === 0) return;
    this.log.warn(`Took over ${heritage.length} batches of a dispatcher that is gone`);
    for (const batch of heritage) this.accept(batch);
    this.deliverWaiting();
  }

  private async recover(error: unknown): Promise<void> {
    const failure = failureOf(error);
    if (failure.kind === 'stream-damaged') {
      this.streams.halt(failure.trigger);
      this.log.error(`One stream stands still: ${messageOf(error)}`);
      return;
    }
    this.failures += 1;
    if (failure.kind === 'log-unreachable') {
      if (this.failures === 1)
        this.log.error(`The dispatcher cannot work on its log: ${messageOf(error)}`);
      await this.alarm.wait(pauseAfter(this.failures));
    }
    if (this.stopping) return;
    try {
      const lost = failure.kind === 'lease-lost' || !(await this.stages.lease.sameHistory());
      if (lost) await this.startOver();
    } catch {
      // Still unreachable: the next turn says so.
    }
  }

  /** Lets go of everything that is not under way: it belongs to whoever takes over, if need be to us. */
  private async startOver(): Promise<void> {
    this.backlog.clear();
    this.batches.clear();
    this.streams.heatAll();
    this.stages.claimer.forget();
    await this.takeLease();
    this.log.warn('The dispatcher lost its lease and went on with empty hands');
  }

  private async drain(): Promise<void> {
    if (this.inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(resolve, this.settings.drainSeconds * 1_000);
      this.idle = () => {
        clearTimeout(deadline);
        resolve();
      };
    });
  }
}

/** Monotonic: a clock that is set back must not stop the loop. */
const now = (): number => performance.now();
