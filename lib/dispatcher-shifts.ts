import { messageOf, pauseAfter } from './pipeline/dispatcher-failure.js';
import type { Dispatcher } from './pipeline/dispatcher.js';
import type { DispatcherLoad } from './pipeline/dispatcher-load.js';
import type { DispatcherLog } from './pipeline/stages.js';

/** One look without an event is over soon: the server that was woken for it is to fall asleep again. */
const LOOK_MS = 5_000;
const CHECKS_EVERY_MS = 500;

/** A dispatcher that works, with all that it keeps open. */
export interface Shift {
  readonly dispatcher: Dispatcher;
  end(): Promise<void>;
}

export interface ShiftTerms {
  /** Milliseconds without an event after which a shift ends; null where the first one is the only one. */
  readonly suspendAfter: number | null;
  /** Milliseconds between two shifts, at the most. */
  readonly lookEvery: number;
}

/**
 * When a dispatcher works and when it leaves the database alone.
 *
 * What must hold: whatever asks for a shift while one ends or begins gets another one; no error of the database ends
 * it for good.
 */
export class DispatcherShifts {
  private shift: Shift | null = null;
  private timer: NodeJS.Timeout | undefined;
  /** A step at a time: a shift does not begin before the last one has ended. */
  private steps: Promise<void> = Promise.resolve();
  private patience = 0;
  private failures = 0;
  private problem: string | null = null;
  private wanted = false;
  private stopped = false;

  constructor(
    private readonly begin: () => Promise<Shift>,
    private readonly terms: ShiftTerms,
    private readonly log: DispatcherLog,
  ) {}

  /** Begins the first shift; rejects where it cannot. */
  async start(): Promise<void> {
    this.shift = await this.begin();
    const { suspendAfter } = this.terms;
    if (suspendAfter === null) return;
    this.patience = suspendAfter;
    this.checkLater();
  }

  /** Something may have to be delivered. */
  wake(): void {
    this.wanted = true;
    if (this.shift === null) this.beginIn(0);
  }

  /** Why it does not deliver, or not all. */
  problems(): string[] {
    if (this.problem !== null) return [this.problem];
    return this.shift?.dispatcher.problems() ?? [];
  }

  /** Null while no dispatcher works. */
  load(): DispatcherLoad | null {
    return this.shift?.dispatcher.load() ?? null;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.steps;
    const { shift } = this;
    this.shift = null;
    await shift?.end();
  }

  private checkLater(): void {
    this.step(CHECKS_EVERY_MS, () => this.check());
  }

  private async check(): Promise<void> {
    const { shift } = this;
    const { suspendAfter } = this.terms;
    if (shift === null || suspendAfter === null) return;
    const { wanted } = this;
    this.wanted = false;
    const quiet = shift.dispatcher.quietFor();
    if (quiet < CHECKS_EVERY_MS) this.patience = suspendAfter;
    // By the next check the dispatcher has looked.
    if (wanted || quiet < this.patience) {
      this.checkLater();
      return;
    }
    const due = await shift.dispatcher.prepareAbsence().catch(() => null);
    this.shift = null;
    await shift.end();
    this.beginIn(this.wanted ? 0 : Math.min(this.terms.lookEvery, Math.max(0, due ?? Infinity)));
  }

  private beginIn(milliseconds: number): void {
    this.step(milliseconds, () => this.beginAgain());
  }

  private async beginAgain(): Promise<void> {
    if (this.shift !== null) return;
    this.shift = await this.begin();
    if (this.problem !== null)
      this.log.log('The dispatcher goes on working', { code: 'dispatcher-able' });
    this.failures = 0;
    this.problem = null;
    this.patience = LOOK_MS;
    this.checkLater();
  }

  private step(milliseconds: number, work: () => Promise<void>): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.steps = this.steps
        .then(() => (this.stopped ? undefined : work()))
        .catch((error: unknown) => {
          this.failures += 1;
          this.problem = `The dispatcher cannot go on working: ${messageOf(error)}`;
          if (this.failures === 1) this.log.error(this.problem, { code: 'dispatcher-unable' });
          this.beginIn(pauseAfter(this.failures));
        });
    }, milliseconds);
  }
}
