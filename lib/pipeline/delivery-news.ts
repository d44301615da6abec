import { errorCode } from '../state-log.js';
import type { StoredTrigger } from './attach/stored-trigger.js';
import type { Outcome } from './deliver/outcome.js';
import type { TriggerId } from './event.js';
import type { Decision } from './record/attempt.js';
import type { BreakerChange } from './retry/circuit-breaker.js';
import type { DispatcherLog } from './stages.js';

/** A destination that comes and goes fills no log: that much lies between two lines about one trigger. */
const QUIET_MS = 60_000;

/** What the log was told about one trigger. */
interface Told {
  failing: boolean;
  failureAt: number;
  deadLetters: number;
  deadLetterAt: number;
}

/** Tells when the deliveries of a trigger begin to fail, when they succeed again, and of dead letters. */
export class DeliveryNews {
  private readonly told = new Map<TriggerId, Told>();

  constructor(
    private readonly log: DispatcherLog,
    private readonly now: () => number = () => performance.now(),
  ) {}

  hear(trigger: StoredTrigger, outcome: Outcome, decision: Decision): void {
    if (decision.kind === 'delivered') this.success(trigger);
    else this.failure(trigger, outcome, decision);
  }

  /** A breaker is told of when it opens and when it closes, not for its vain probes. */
  hearOfBreaker({ name }: StoredTrigger, change: BreakerChange | null): void {
    if (change === 'opened')
      this.log.warn(`Event trigger "${name}" is held back: its destination fails again and again`, {
        code: 'breaker-opened',
        trigger: name,
      });
    if (change === 'closed')
      this.log.log(`Event trigger "${name}" is delivered again`, {
        code: 'breaker-closed',
        trigger: name,
      });
  }

  private success({ id, name }: StoredTrigger): void {
    const told = this.told.get(id);
    if (told === undefined || !told.failing) return;
    told.failing = false;
    this.log.log(`Event trigger "${name}" gets through again`, {
      code: 'delivery-recovered',
      trigger: name,
    });
  }

  private failure({ id, name }: StoredTrigger, outcome: Outcome, decision: Decision): void {
    const told = this.told.get(id) ?? nothingYet();
    this.told.set(id, told);
    const error = errorCode(outcome.error);
    if (decision.kind === 'dead') {
      told.deadLetters += 1;
      if (this.now() - told.deadLetterAt < QUIET_MS) return;
      this.log.warn(
        `Event trigger "${name}": ${counted(told.deadLetters)} (${decision.reason}); its attempts say why`,
        { code: 'dead-letters', trigger: name, count: told.deadLetters, error },
      );
      told.deadLetterAt = this.now();
      told.deadLetters = 0;
    } else if (!told.failing && this.now() - told.failureAt >= QUIET_MS) {
      told.failing = true;
      told.failureAt = this.now();
      this.log.warn(
        `Event trigger "${name}" does not get through, and tries again; its attempts say why`,
        { code: 'delivery-failing', trigger: name, error },
      );
    }
  }
}

const nothingYet = (): Told => ({
  failing: false,
  failureAt: Number.NEGATIVE_INFINITY,
  deadLetters: 0,
  deadLetterAt: Number.NEGATIVE_INFINITY,
});

const counted = (deadLetters: number): string =>
  deadLetters === 1 ? 'an event is a dead letter' : `${deadLetters} more events are dead letters`;
