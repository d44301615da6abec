import type { ClaimedEvent } from '../event.js';
import { ClosedError } from './closed-error.js';
import type { Destination, WebhookDestination } from './destination.js';
import { eventHeaders, type Letter } from './event-headers.js';
import { eventId } from './event-id.js';
import { HandlerCaller } from './handler-destination.js';
import { answered, unanswered, undeliverable, type Outcome } from './outcome.js';
import { webhookBody } from './webhook-body.js';
import type { WebhookClient } from './webhook-client.js';

/**
 * One event becomes one request, or one call of a handler, and one outcome.
 *
 * Comes in: an event and its destination. Goes out: an outcome that can be written down. What must hold: it
 * never rejects, and it takes no longer than the destination's timeout. On a crash here the request may have
 * been made; the event is handed out again when the lease has run out.
 */
export class EventDeliverer {
  private readonly caller = new HandlerCaller();

  constructor(private readonly client: WebhookClient) {}

  async deliver(destination: Destination, event: ClaimedEvent): Promise<Outcome> {
    return 'handle' in destination
      ? this.caller.deliver(destination, event)
      : this.send(destination, event);
  }

  private async send(destination: WebhookDestination, event: ClaimedEvent): Promise<Outcome> {
    const start = performance.now();
    let letter: Letter;
    try {
      const id = eventId(destination.installation, event);
      letter = { id, body: webhookBody(destination, event, id), sentAt: Date.now() };
    } catch (error) {
      return undeliverable(error, performance.now() - start);
    }
    try {
      const answer = await this.client.post(
        destination,
        letter.body,
        eventHeaders(destination, event, letter),
      );
      return answered(answer, performance.now() - start, Date.now(), destination.statuses);
    } catch (error) {
      return unanswered(error, destination.origin, performance.now() - start);
    }
  }

  /** Ends all connections, and lets go of handlers that are under way. */
  async close(): Promise<void> {
    this.caller.abort(new ClosedError());
    await this.client.close();
  }
}
