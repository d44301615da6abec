import { eventNumberOf } from '../../../lib/pipeline/deliver/event-id.js';
import type { EventNumber } from '../../../lib/pipeline/event.js';
import { payloadIn } from '../../support/payload.js';
import type { ReceivedRequest, ReceiverResponse } from 'nestjs-event-triggers/testing';
import { Violation, type Ledger } from '../engine-model/ledger.js';
import type { PlannedChange } from './planned-change.js';

/** Requests for an event. */
export interface Arrivals {
  readonly requests: number;
  readonly acknowledged: number;
}

export const NOTHING: Arrivals = { requests: 0, acknowledged: 0 };

/** The receiver's mind: it answers as planned, counts, and tells the ledger. */
export class Witness {
  /** What was sent that must not be sent. */
  readonly violations: string[] = [];
  readonly arrivals = new Map<EventNumber, Arrivals>();

  constructor(
    private readonly ledger: Ledger,
    private readonly planned: (number: EventNumber) => PlannedChange | undefined,
  ) {}

  readonly respond = (request: ReceivedRequest): ReceiverResponse => {
    const { id, delivery_info: attempt } = payloadIn(request);
    const { number } = eventNumberOf(id)!;
    const requests = this.count(number, 'requests');
    this.judge(number);
    const { answer = 'yes', delayMs = 0 } = this.planned(number) ?? {};
    if (answer === 'never' && attempt.current_retry === attempt.max_retries)
      this.ledger.giveUp({ number });
    if (answer === 'never' || (answer === 'not the first time' && requests === 1))
      return { status: 500 };
    this.count(number, 'acknowledged');
    this.ledger.acknowledge({ number });
    return { status: 200, delayMs };
  };

  private judge(number: EventNumber): void {
    try {
      this.ledger.begin({ number });
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.violations.push(error.message);
    }
  }

  private count(number: EventNumber, what: keyof Arrivals): number {
    const arrivals = this.arrivals.get(number) ?? NOTHING;
    const count = arrivals[what] + 1;
    this.arrivals.set(number, { ...arrivals, [what]: count });
    return count;
  }
}
