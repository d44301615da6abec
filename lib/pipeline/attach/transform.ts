import type { EventTriggerPayload } from '../event.js';

/** What differs from the request that the definition describes; what is left out stays as it is. */
export interface TransformedRequest {
  /**
   * Where it goes. To another origin than that of `webhook` go neither the webhook secret nor the definition's headers,
   * but only those that are named here. What `destinations` refuses is refused.
   */
  url?: string | URL;
  /** Headers to add or to replace; null leaves one out. */
  headers?: Record<string, string | null>;
  /** Text is sent as it is, anything else as JSON. */
  body?: unknown;
}

/** What an attempt knows beside the payload. */
export interface TransformedAttempt {
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Aborted when the time of the attempt is over, or the process stops. */
  readonly signal: AbortSignal;
}

/** A method's type, so that one that expects certain columns may stand where any row may come. */
interface Transforming<Row> {
  transform(
    payload: EventTriggerPayload<Row>,
    attempt: TransformedAttempt,
  ): TransformedRequest | 'skip' | undefined | Promise<TransformedRequest | 'skip' | undefined>;
}

/**
 * Has a last word on each request of a trigger: what differs from its definition, or `'skip'` for none, which counts as
 * delivered. Throwing `EventRejectedError` makes a dead letter of the event, anything else a failed attempt.
 *
 * @typeParam Row the columns as JSON carries them. Numbers that JavaScript cannot hold exactly are text.
 */
export type Transform<Row = unknown> = Transforming<Row>['transform'];
