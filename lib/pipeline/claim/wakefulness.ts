import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { TriggerId } from '../event.js';
import type { WakeUpListener } from './wake-up-listener.js';
import { wakefulnessStatements, type WakefulnessStatements } from './wakefulness.sql.js';

/** Several times within the time that is pushed ahead, so that one call that is late does no harm. */
const PUSH_EVERY_MS = 500;
/** On the way to sleep: somebody is writing, and may have counted on us. */
const DROWSY_MS = 50;
/** Asleep, in case that a notification got lost: a third of a query a second. */
const BACKSTOP_MS = 3_000;

/** What a dispatcher expects after a turn. */
export interface Outlook {
  /** Milliseconds that it would wait for news. */
  readonly pace: number;
  /** Milliseconds until something in hand has to be seen to. */
  readonly atMost: number;
  /** Whether nothing has happened for a while. */
  readonly isQuiet: boolean;
}

type State = 'awake' | 'drowsy' | 'asleep';

/**
 * When a dispatcher may stop looking and wait to be woken.
 *
 * Awake it says so, and writers notify nobody. In silence it stops saying so, waits until the time that it
 * named has passed and nobody writes who may have counted on it, looks once more, and sleeps. What must
 * hold: a change that notifies nobody is found by somebody who is awake.
 */
export class Wakefulness {
  private readonly statements: WakefulnessStatements;
  private state: State = 'awake';
  private pushedAt = Number.NEGATIVE_INFINITY;
  private wakesAt = Number.POSITIVE_INFINITY;
  private heard = false;
  private notified = false;
  /** How often it was told that it may not sleep. */
  private calls = 0;

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
    /** Null where this dispatcher does not listen. */
    private readonly listener: WakeUpListener | null,
  ) {
    this.statements = wakefulnessStatements(schema);
  }

  /** Whether changes of definitions and of rows are heard of. */
  get isListening(): boolean {
    return this.listener?.isWorking ?? false;
  }

  /** Something was there, or came of what is in hand: sleep is over. */
  awaken(): void {
    this.state = 'awake';
    this.calls += 1;
  }

  /** A change found that nobody is awake: the next one need not, whether or not there is something to do here. */
  notify(): void {
    this.notified = true;
    this.awaken();
  }

  /** It goes on under another name, of which nobody knows yet that it listens. */
  renamed(): void {
    this.state = 'awake';
    this.heard = false;
  }

  /**
   * Milliseconds to wait before the next look.
   *
   * @param triggers whose retries have to be woken for
   */
  async rest(
    dispatcher: string,
    { pace, atMost, isQuiet }: Outlook,
    triggers: () => readonly TriggerId[],
    now: number,
  ): Promise<number> {
    const pause = Math.min(pace, atMost);
    if (!this.isListening) {
      this.state = 'awake';
      if (this.heard) await this.keepAwake(dispatcher, false);
      return pause;
    }
    if (!isQuiet || !this.heard || this.notified) {
      this.notified = false;
      this.state = 'awake';
      await this.push(dispatcher, now);
      return isQuiet ? Math.min(pause, DROWSY_MS) : pause;
    }
    if (this.state !== 'asleep' || now >= this.wakesAt)
      return this.fallAsleep(triggers(), pause, now);
    return Math.min(atMost, BACKSTOP_MS, this.wakesAt - now);
  }

  /** It leaves: nobody is to count on it, or to notify it. */
  async leave(dispatcher: string): Promise<void> {
    if (this.heard) await this.keepAwake(dispatcher, false);
  }

  private async push(dispatcher: string, now: number): Promise<void> {
    if (this.heard && now - this.pushedAt < PUSH_EVERY_MS) return;
    await this.keepAwake(dispatcher, true);
    this.pushedAt = now;
  }

  private async fallAsleep(
    triggers: readonly TriggerId[],
    pause: number,
    now: number,
  ): Promise<number> {
    const { calls } = this;
    const [row] = await this.database.run('event-triggers:may-sleep', this.statements.maySleep, [
      `{${triggers.join(',')}}`,
    ]);
    const [may, dueIn] = row ?? [];
    const wakesIn = dueIn === null || dueIn === undefined ? Infinity : Number(dueIn);
    // What is due already is in other hands, or it would have been claimed: they may let go of it at any time.
    if (may !== 't' || wakesIn <= 0 || this.calls !== calls) {
      this.state = 'drowsy';
      return Math.min(pause, DROWSY_MS);
    }
    this.state = 'asleep';
    this.wakesAt = now + wakesIn;
    // The last look comes at once.
    return 0;
  }

  private async keepAwake(dispatcher: string, hears: boolean): Promise<void> {
    await this.database.run('event-triggers:keep-awake', this.statements.keepAwake, [
      dispatcher,
      String(hears),
    ]);
    this.heard = hears;
  }
}
