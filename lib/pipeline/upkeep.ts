import type { State } from '../state-log.js';
import type { Alarm } from './alarm.js';
import type { StoredTrigger } from './attach/stored-trigger.js';
import type { Deliveries } from './deliveries.js';
import { failureOf, messageOf } from './dispatcher-failure.js';
import type { TriggerId } from './event.js';
import { worded, type HeldLog } from './held-log.js';
import type { Holdings } from './holdings.js';
import type { DispatcherLog, Stages } from './stages.js';
import type { Streams } from './streams.js';

/** Lease and inheritance are looked after at this pace. */
const CHORES_EVERY_MS = 900;
/** With every round: a definition holds everywhere within a second, and at once where its change is heard of. */
const LEARNS_EVERY_MS = 0;
const LISTENING_LEARNS_EVERY_MS = 10_000;
/** A lease is renewed this often before it would run out. */
const RENEWALS_PER_LEASE = 3;
const RETRY_FLOOR_EVERY_MS = 60_000;
/** Pages taken over from a dead dispatcher at a time. */
const MOST_INHERITED = 8;
/** Partitions are made and dropped well before they are needed; replicas do not come in step. */
const KEEPING_EVERY_MS = 60_000;
/** Fresh enough to look live; a row for each trigger that had an attempt. */
const TALLY_EVERY_MS = 5_000;
const DAY_MS = 24 * 3_600_000;
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
  /** Why streams stand still, by the name of the state. */
  readonly problems = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private steps: Promise<void> = Promise.resolve();
  private lastSteps: (() => Promise<void>) | null = null;
  private failing = false;
  private heirsWanted = false;
  private nextRenewal = 0;
  private nextRetryFloor = 0;
  private nextSweep = 0;
  private nextInheritance = 0;
  private nextLearning = 0;
  private nextTally = 0;
  private nextKeeping = 0;
  private keepingTold: string | null = null;

  constructor(
    private readonly stages: Stages,
    private readonly hands: Hands,
    private readonly leaseSeconds: number,
    private readonly log: DispatcherLog,
  ) {}

  /** Registers this dispatcher and learns what it has to deliver. */
  async prepare(): Promise<void> {
    await this.orStandStill(this.stages.lease.register());
    // There is time: the present partitions are made, and a replica that starts has a backlog to see to.
    this.nextKeeping = now() + KEEPING_EVERY_MS * Math.random();
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
    const problem = `One stream stands still: ${messageOf(error)}`;
    this.problems.set(`halted ${trigger}`, problem);
    const name = this.hands.streams.get(trigger)?.trigger.name;
    this.log.error(problem, { code: 'stream-halted', trigger: name });
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

  /** Definitions have changed. */
  learnSoon(): void {
    this.nextLearning = 0;
    if (this.lastSteps === null && this.timer !== undefined) void this.serially(() => this.round());
  }

  private readonly usualSteps = async (): Promise<void> => {
    if (now() >= this.nextLearning) await this.learnTriggers();
    if (this.mayInherit()) this.hands.alarm.ring();
    await this.noteHealth();
    if (now() >= this.nextTally) await this.writeTally();
    // Beside the rounds: a lease must not wait for a step that takes long.
    if (now() >= this.nextKeeping) void this.keepLogs();
    if (now() >= this.nextRetryFloor) await this.raiseRetryFloor();
  };

  private tell(error: unknown, isTold: boolean): void {
    const failure = failureOf(error);
    if (failure.kind === 'stream-damaged') this.halt(failure.trigger, error);
    else if (!isTold)
      this.log.warn(`The dispatcher skipped a round of upkeep: ${messageOf(error)}`, {
        code: 'upkeep-skipped',
      });
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
    const { triggers, wakefulness } = this.stages;
    const changed = await triggers.changed();
    const pause = wakefulness.isListening ? LISTENING_LEARNS_EVERY_MS : LEARNS_EVERY_MS;
    this.nextLearning = now() + pause;
    if (changed === null) return;
    this.hands.streams.keepOnly(new Set(changed.map(({ id }) => id)));
    for (const trigger of changed) this.learn(trigger);
    this.hands.deliveries.begin();
    // What waits of a new trigger is claimed now; but the first claim of all waits until the application listens.
    if (this.timer !== undefined) this.hands.alarm.ring();
  }

  private learn(trigger: StoredTrigger): void {
    const { streams, deliveries } = this.hands;
    const state = `unresolved ${trigger.id}`;
    try {
      streams.set({ trigger, destination: this.stages.resolve(trigger), claimable: true });
      this.problems.delete(state);
      deliveries.reopen(trigger.id);
      deliveries.handBackPaused(trigger.id);
    } catch (error) {
      const known = streams.get(trigger.id);
      if (known !== undefined) streams.set({ ...known, claimable: false });
      const problem = `${messageOf(error)}. Its events wait for a replica that can deliver them.`;
      const isKnown = this.problems.get(state) === problem;
      this.problems.set(state, problem);
      if (isKnown) return;
      this.log.error(problem, { code: 'trigger-unresolved', trigger: trigger.name });
    }
  }

  /** Makes partitions ahead and lets old ones go. */
  async keepLogs(): Promise<void> {
    this.nextKeeping = now() + KEEPING_EVERY_MS * (0.5 + Math.random());
    try {
      this.tellHeld(await this.stages.keeper.keep());
    } catch (error) {
      this.warnOnce('failed', `The logs could not be looked after: ${messageOf(error)}`, {
        code: 'logs-not-kept',
      });
    }
  }

  /** Once a day for each state: what is kept grows all the time. */
  private tellHeld(held: readonly HeldLog[]): void {
    if (held.length === 0) {
      this.keepingTold = null;
      return;
    }
    const state = held.map(({ trigger, since, stuck }) => `${trigger} ${since.getTime()} ${stuck}`);
    const day = Math.floor(Date.now() / DAY_MS);
    this.warnOnce(
      `${day} ${state.toSorted().join(', ')}`,
      `The event log is kept beyond the retention for triggers that have not got their events: ${held.map(worded).join(', ')}`,
      { code: 'log-held', count: held.length },
    );
  }

  private warnOnce(state: string, warning: string, about: State): void {
    // On the way out its connections are closed beneath it.
    if (state !== this.keepingTold && this.lastSteps === null) this.log.warn(warning, about);
    this.keepingTold = state;
  }

  private async writeTally(): Promise<void> {
    this.nextTally = now() + TALLY_EVERY_MS;
    await this.stages.tally.flush();
  }

  private async noteHealth(): Promise<void> {
    for (const { name, reason } of await this.stages.health.flush())
      this.log.error(`Event trigger "${name}" is paused: ${reason}. Its events are kept`, {
        code: 'delivery-stopped',
        trigger: name,
      });
  }

  /** Whether there is something to take over, or it is time to look. */
  mayInherit(): boolean {
    const { holdings, deliveries } = this.hands;
    if (holdings.isDoubtful || deliveries.isFull || now() < this.nextInheritance) return false;
    return this.heirsWanted || now() >= this.nextSweep;
  }

  /**
   * Takes over from the dead. The loop does it between two claims: what is inherited is older than what a claim after
   * that brings, and has to be added first.
   */
  async inherit(): Promise<void> {
    await this.hands.deliveries.during((turn) => this.takeOver(turn));
  }

  private async takeOver(turn: number): Promise<void> {
    const { deliveries, holdings, streams } = this.hands;
    this.nextSweep = now() + SWEEP_EVERY_MS;
    // What belongs to triggers that only others know stays with the dead.
    this.nextInheritance = now() + CHORES_EVERY_MS;
    const { claimer, lease } = this.stages;
    const heritage = await this.orDoubt(
      claimer.recover(lease.id, streams.claimable(), MOST_INHERITED),
    );
    if (heritage.length === 0) return;
    this.log.warn(`Took over ${heritage.length} batches of a dispatcher that is gone`, {
      code: 'batches-taken-over',
      count: heritage.length,
    });
    this.stages.observer?.batchesTakenOver(heritage.length);
    for (const batch of heritage)
      deliveries.add(batch.events, holdings.batches.inherit(batch), turn);
    // A stream that was somebody else's until here is asked at once.
    streams.heatAll();
    deliveries.begin();
  }

  /** An application whose log is refused serves its users on: its loop tells why, and tries again. */
  private async orStandStill(registration: Promise<void>): Promise<void> {
    try {
      await registration;
    } catch (error) {
      if (failureOf(error).kind !== 'log-refuses') throw error;
      this.hands.holdings.doubt('lease-lost');
    }
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
