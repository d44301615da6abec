import type { ClaimedEvent, EventTriggerPayload } from '../event.js';
import { Deadlines } from './deadline.js';
import { eventId } from './event-id.js';
import { handled, unhandled, undeliverable, type Outcome } from './outcome.js';
import { parsePayload } from './exact-json.js';
import { webhookBody, type PayloadTerms } from './webhook-body.js';

/** What a handler is told beside the payload. */
export interface HandlerDelivery {
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Whether it is sent again because somebody asked for it. */
  readonly redelivered: boolean;
  /** Aborted when the time of the attempt is over, or the process stops: what it does then is not waited for. */
  readonly signal: AbortSignal;
}

/** Handles one event in this process; the event is delivered when it resolves. */
export type EventHandler = (
  payload: EventTriggerPayload,
  delivery: HandlerDelivery,
) => Promise<unknown>;

/** A method of this application, and all that is the same for each event that it is given. */
export interface HandlerDestination extends PayloadTerms {
  readonly handle: EventHandler;
  /** Total time of one attempt in milliseconds. */
  readonly timeout: number;
}

/** Calls handlers, and lets go of those that are under way when the process stops. */
export class HandlerCaller {
  private readonly deadlines = new Deadlines();

  /** Never rejects, and takes no longer than the destination's timeout. */
  async deliver(destination: HandlerDestination, event: ClaimedEvent): Promise<Outcome> {
    const start = performance.now();
    let payload: EventTriggerPayload;
    try {
      const id = eventId(destination.installation, event);
      payload = parsePayload(webhookBody(destination, event, id)) as EventTriggerPayload;
    } catch (error) {
      return undeliverable(error, performance.now() - start);
    }
    const { attemptsBefore, redelivered } = event;
    const attempt = attemptsBefore + 1;
    try {
      await this.deadlines.within(destination.timeout, 'in its handler', async (deadline) =>
        destination.handle(payload, { attempt, redelivered, signal: deadline.signal() }),
      );
      return handled(performance.now() - start);
    } catch (error) {
      return unhandled(error, performance.now() - start);
    }
  }

  /** Gives up what is under way. */
  abort(reason: Error): void {
    this.deadlines.abort(reason);
  }
}
