import type { Alarm } from './alarm.js';
import type { StoredTrigger } from './attach/stored-trigger.js';
import type { Deliveries } from './deliveries.js';
import { failureOf, messageOf } from './dispatcher-failure.js';
import type { TriggerId } from './event.js';
import type { Holdings } from './holdings.js';
import type { DispatcherLog, Stages } from './stages.js';
import type { Streams } from './streams.js';

/** Definitions, lease and inheritance are looked after at this pace: a definition holds everywhere within it. */
const CHORES_EVERY_MS = 1_000;
/** A lease is renewed this often before it would run out. */
const RENEWALS_PER_LEASE = 3;
const RETRY_FLOOR_EVERY_MS = 60_000;
/** Pages taken over from a dead dispatcher at a time. */
const MOST_INHERITED = 8;
/** For what a dispatcher of another application left of a trigger that has moved here. */
const SWEEP_EVERY_MS = 60_000;

/** What a dispatcher has in its hands, which its loop and its upkeep share. */
export interface Hands {
  readonly streams: Streams;
  readonly holdings: Holdings;
  readonly deliveries: Deliveries;
  /** Rung when the loop has something to see to. */
  readonly alarm: Alarm;
}

/**
 * What a dispatcher does beside its loop: it stays alive, learns of new definitions, and takes over from
 * dispatchers that died.
 *
 * What must hold: steps never overlap, so that no two of them disagree about what is in hand; a step that
 * fails is done again in the next round.
 */
export class Upkeep {
  private timer: NodeJS.Timeout | undefined;
  private steps: Promise<void> = Promise.resolve();
  private lastSteps: (() => Promise<void>) | null = null;
  private failing = false;
  private heirsWanted = false;
  private nextRenewal = 0;
  private nextRetryFloor = 0;
  private nextSweep = 0;

  constructor(
    private readonly stages: Stages,
    private readonly hands: Hands,
    private readonly leaseSeconds: number,
    private readonly log: DispatcherLog,
  ) {}

  /** Registers this dispatcher and learns what it has to deliver. */
  async prepare(): Promise<void> {
    await this.stages.lease.register();
    this.leaseBegan();
    await this.learnTriggers();
  }

  /** Rounds from now on. */
  begin(): NodeJS.Timeout {
    clearInterval(this.timer);
    this.timer = setInterval(
      () => void this.serially(() => this.round()),
      Math.min(CHORES_EVERY_MS, this.renewalInterval()),
    );
    return this.timer;
  }

  /** Rounds of a dispatcher that stops: it stays alive and does this. */
  beginLast(steps: () => Promise<void>): void {
    this.lastSteps = steps;
    this.begin();
  }

  /** No more rounds; resolves when the one that is on is over. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.steps;
  }

  /** Does something between two rounds. */
  async serially(step: () => Promise<void>): Promise<void> {
    const done = this.steps.then(step);
    this.steps = done.catch(() => undefined);
    await done;
  }

  leaseBegan(): void {
    this.nextRenewal = now() + this.renewalInterval();
  }

  /** Whether a dispatcher has died and left something. */
  wantHeirs(wanted: boolean): void {
    this.heirsWanted = wanted;
  }

  /** Its bookkeeping is damaged. */
  halt(trigger: TriggerId, error: unknown): void {
    this.hands.streams.halt(trigger);
    this.log.error(`One stream stands still: ${messageOf(error)}`);
  }

  private async round(): Promise<void> {
    // Where the loop is in doubt already, it has told the reason.
    const isTold = this.failing || this.hands.holdings.isDoubtful;
    try {
      if (now() >= this.nextRenewal) await this.renewLease();
      await (this.lastSteps ?? this.usualSteps)();
      this.failing = false;
    } catch (error) {
      this.tell(error, isTold);
      this.failing = true;
    }
  }

  private readonly usualSteps = async (): Promise<void> => {
    await this.learnTriggers();
    if (this.mayInherit()) await this.inherit();
    if (now() >= this.nextRetryFloor) await this.raiseRetryFloor();
  };

  private tell(error: unknown, isTold: boolean): void {
    const failure = failureOf(error);
    if (failure.kind === 'stream-damaged') this.halt(failure.trigger, error);
    else if (!isTold)
      this.log.warn(`The dispatcher skipped a round of upkeep: ${messageOf(error)}`);
  }

  private async renewLease(): Promise<void> {
    const { holdings, alarm } = this.hands;
    this.leaseBegan();
    // Late on the wire it may still arrive, with a floor that is too high by then: not if the name is another.
    if (await this.orDoubt(this.stages.lease.renew(holdings.floor()))) return;
    holdings.doubt('lease-lost');
    alarm.ring();
  }

  private renewalInterval(): number {
    return (this.leaseSeconds * 1_000) / RENEWALS_PER_LEASE;
  }

  private async raiseRetryFloor(): Promise<void> {
    this.nextRetryFloor = now() + RETRY_FLOOR_EVERY_MS;
    await this.stages.claimer.raiseRetryFloor();
  }

  private async learnTriggers(): Promise<void> {
    const changed = await this.stages.triggers.changed();
    if (changed === null) return;
    this.hands.streams.keepOnly(new Set(changed.map(({ id }) => id)));
    for (const trigger of changed) this.learn(trigger);
  }

  private learn(trigger: StoredTrigger): void {
    const { streams } = this.hands;
    try {
      streams.set({ trigger, destination: this.stages.resolve(trigger), claimable: true });
    } catch (error) {
      const known = streams.get(trigger.id);
      if (known !== undefined) streams.set({ ...known, claimable: false });
      this.log.error(`${messageOf(error)}. Its events wait for a replica that can deliver them.`);
    }
  }

  private mayInherit(): boolean {
    const { holdings, deliveries } = this.hands;
    if (holdings.isDoubtful || deliveries.isFull) return false;
    return this.heirsWanted || now() >= this.nextSweep;
  }

  private async inherit(): Promise<void> {
    const { deliveries, holdings, streams } = this.hands;
    this.nextSweep = now() + SWEEP_EVERY_MS;
    const { claimer, lease } = this.stages;
    const heritage = await this.orDoubt(
      claimer.recover(lease.id, streams.claimable(), MOST_INHERITED),
    );
    if (heritage.length === 0) return;
    this.log.warn(`Took over ${heritage.length} batches of a dispatcher that is gone`);
    for (const batch of heritage) deliveries.add(batch.events, holdings.batches.inherit(batch));
    deliveries.begin();
  }

  /** For a call that may have done its work although its answer got lost. */
  private async orDoubt<Answer>(call: Promise<Answer>): Promise<Answer> {
    const { alarm, holdings } = this.hands;
    try {
      return await call;
    } catch (error) {
      holdings.doubt('answer-lost');
      alarm.ring();
      throw error;
    }
  }
}

/** Monotonic: a clock that is set back must not end the renewals. */
const now = (): number => performance.now();
