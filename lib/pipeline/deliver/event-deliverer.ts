import type { ClaimedEvent } from '../event.js';
import { bundleId, bundleOutcomes, type BundledEvent, type BundleOutcome } from './bundle.js';
import { ClosedError } from './closed-error.js';
import type { DeliverySpan, DeliveryTracer } from './delivery-tracer.js';
import type { Destination, WebhookDestination } from './destination.js';
import { bundleHeaders, eventHeaders } from './event-headers.js';
import { eventId } from './event-id.js';
import { HandlerCaller } from './handler-destination.js';
import { SignedContent, type Letter } from './letter.js';
import {
  answered,
  skipped,
  tooLarge,
  unanswered,
  undeliverable,
  unhandled,
  type Outcome,
} from './outcome.js';
import { traceHeaders } from './trace-headers.js';
import { Transformer, type Sending, type TransformTerms } from './transformer.js';
import type { RequestBody, WebhookClient } from './webhook-client.js';

/**
 * One event becomes one request, or one call of a handler, and one outcome.
 *
 * Comes in: an event and its destination. Goes out: an outcome that can be written down. What must hold: it
 * never rejects, and it takes no longer than the destination's timeout. On a crash here the request may have
 * been made; the event is handed out again when the lease has run out.
 */
export class EventDeliverer {
  private readonly caller = new HandlerCaller();
  private readonly transformer = new Transformer();

  constructor(
    private readonly client: WebhookClient,
    private readonly tracer?: DeliveryTracer,
  ) {}

  // Promises are handed on as they are: each that another one waits for costs a sender of many events.
  deliver(destination: Destination, event: ClaimedEvent): Promise<Outcome> {
    return this.tracer === undefined
      ? this.attempt(destination, event, null)
      : this.trace(this.tracer, destination, event);
  }

  /** Several events in one request. Those of which no body can be made do not go along. */
  deliverBundle(
    destination: WebhookDestination,
    events: readonly ClaimedEvent[],
  ): Promise<BundleOutcome> {
    return this.tracer === undefined
      ? this.attemptBundle(destination, events, null)
      : this.traceBundle(this.tracer, destination, events);
  }

  /** Ends all connections, and lets go of what is under way in code of the application. */
  async close(): Promise<void> {
    const reason = new ClosedError();
    this.caller.abort(reason);
    this.transformer.abort(reason);
    await this.client.close();
  }

  private attempt(
    destination: Destination,
    event: ClaimedEvent,
    span: DeliverySpan | null,
  ): Promise<Outcome> {
    return 'handle' in destination
      ? this.caller.deliver(destination, event)
      : this.write(destination, event, span);
  }

  private async trace(
    tracer: DeliveryTracer,
    destination: Destination,
    event: ClaimedEvent,
  ): Promise<Outcome> {
    const span = tracer.begin(destination, [event]);
    const outcome = await span.run(() => this.attempt(destination, event, span));
    span.end(outcome);
    return outcome;
  }

  private async traceBundle(
    tracer: DeliveryTracer,
    destination: WebhookDestination,
    events: readonly ClaimedEvent[],
  ): Promise<BundleOutcome> {
    const span = tracer.begin(destination, events);
    const outcome = await span.run(() => this.attemptBundle(destination, events, span));
    span.end(outcome.whole, outcome.each);
    return outcome;
  }

  private async attemptBundle(
    destination: WebhookDestination,
    events: readonly ClaimedEvent[],
    span: DeliverySpan | null,
  ): Promise<BundleOutcome> {
    const start = performance.now();
    const outcomes = new Map<ClaimedEvent, Outcome>();
    const bundled: BundledEvent[] = [];
    for (const event of events) {
      try {
        const id = eventId(destination.installation, event);
        bundled.push({ event, id, body: destination.format.body(event, id) });
      } catch (error) {
        outcomes.set(event, undeliverable(error, performance.now() - start));
      }
    }
    const sent =
      bundled.length === 0 ? null : await this.sendBundle(destination, bundled, start, span);
    bundled.forEach(({ event }, place) => outcomes.set(event, sent!.each[place]!));
    const each = events.map((event) => outcomes.get(event)!);
    return { whole: sent?.whole ?? each[0]!, each };
  }

  private async sendBundle(
    destination: WebhookDestination,
    bundled: readonly BundledEvent[],
    start: number,
    span: DeliverySpan | null,
  ): Promise<BundleOutcome> {
    const ids = bundled.map(({ id }) => id);
    const alike = (whole: Outcome): BundleOutcome => ({ whole, each: ids.map(() => whole) });
    const body = `[${bundled.map((one) => one.body).join(',')}]`;
    const { maxBodyBytes } = destination;
    const excess = bytesBeyond(body, maxBodyBytes);
    if (excess !== null) return alike(tooLarge(excess, maxBodyBytes, performance.now() - start));
    const letter = { id: bundleId(ids), body, sentAt: Date.now() };
    const events = bundled.map(({ event }) => event);
    try {
      const content = signedContent(destination, letter);
      const traced = headersOf(span, destination);
      const headers = bundleHeaders(destination, events, letter, content, traced);
      const answer = await this.client.post(destination, bodyOf(letter, content), headers);
      return bundleOutcomes(ids, answer, destination, performance.now() - start, Date.now());
    } catch (error) {
      return alike(unanswered(error, destination.origin, performance.now() - start));
    }
  }

  private write(
    destination: WebhookDestination,
    event: ClaimedEvent,
    span: DeliverySpan | null,
  ): Promise<Outcome> {
    const start = performance.now();
    let sending: Sending;
    try {
      const id = eventId(destination.installation, event);
      const body = destination.format.body(event, id);
      sending = { destination, letter: { id, body, sentAt: Date.now() } };
    } catch (error) {
      return Promise.resolve(undeliverable(error, performance.now() - start));
    }
    const { transform } = destination;
    return transform === null
      ? this.send(sending, event, start, span)
      : this.transform(sending, transform, event, start, span);
  }

  private async transform(
    sending: Sending,
    terms: TransformTerms,
    event: ClaimedEvent,
    start: number,
    span: DeliverySpan | null,
  ): Promise<Outcome> {
    try {
      const wanted = await this.transformer.transform({ ...sending, terms, event });
      if (wanted === null) return skipped(performance.now() - start);
      return await this.send(wanted, event, start, span);
    } catch (error) {
      return unhandled(error, performance.now() - start);
    }
  }

  private async send(
    { destination, letter }: Sending,
    event: ClaimedEvent,
    start: number,
    span: DeliverySpan | null,
  ): Promise<Outcome> {
    const { maxBodyBytes } = destination;
    const excess = bytesBeyond(letter.body, maxBodyBytes);
    if (excess !== null) return tooLarge(excess, maxBodyBytes, performance.now() - start);
    try {
      const content = signedContent(destination, letter);
      const traced = headersOf(span, destination);
      const headers = eventHeaders(destination, event, letter, content, traced);
      const answer = await this.client.post(destination, bodyOf(letter, content), headers);
      return answered(answer, performance.now() - start, Date.now(), destination.statuses);
    } catch (error) {
      return unanswered(error, destination.origin, performance.now() - start);
    }
  }
}

/** Null where nothing signs. */
const signedContent = ({ signers }: WebhookDestination, letter: Letter): SignedContent | null =>
  signers.length === 0 ? null : new SignedContent(letter);

/** Null where nobody traces. */
const headersOf = (
  span: DeliverySpan | null,
  destination: WebhookDestination,
): readonly string[] | null =>
  span === null ? null : traceHeaders(span.carrierTo(destination), destination.headers);

const bodyOf = ({ body }: Letter, content: SignedContent | null): RequestBody => ({
  text: body,
  bytes: content?.body ?? null,
});

/** UTF-8 has at most so many bytes for one unit of a string: only a body near the limit has to be counted. */
const MOST_BYTES_OF_A_UNIT = 3;

/** The bytes of a body that is too large; null for any other. */
function bytesBeyond(body: string, most: number): number | null {
  if (body.length * MOST_BYTES_OF_A_UNIT <= most) return null;
  const bytes = Buffer.byteLength(body);
  return bytes > most ? bytes : null;
}
