import type { ClaimedEvent } from '../event.js';
import type { Destination, WebhookDestination } from './destination.js';
import type { Outcome } from './outcome.js';

/** Follows deliveries, so that a trace goes on from the writer to the receiver. None of its methods may throw. */
export interface DeliveryTracer {
  /** An attempt begins, of several events where one request carries them. */
  begin(destination: Destination, events: readonly ClaimedEvent[]): DeliverySpan;
  /** Sends a request past whatever else traces HTTP: it would add a span of its own, and a second `traceparent`. */
  readonly unwatched: <Result>(send: () => Result) => Result;
}

/** One attempt as a trace shows it. */
export interface DeliverySpan {
  /** Runs a part of the attempt, code of the application among it. */
  run<Result>(work: () => Result): Result;
  /** What tells the receiver of the span, by the names of headers; nothing where the writer's trace goes on as it is. */
  carrierTo(destination: WebhookDestination): Readonly<Record<string, string>>;
  /** @param each what the events came to, where there are several */
  end(outcome: Outcome, each?: readonly Outcome[]): void;
}
