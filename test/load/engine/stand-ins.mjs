// @ts-check
/** What may stand in for the delivery of an event. All else of the engine stays as it is. */
import { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import { BODY, HEADERS_RECEIVED, STATUS } from '../receiver/answer.mjs';
import { published } from './published.mjs';

/** @typedef {'webhook' | 'nothing' | 'failing' | 'stock'} Delivery */
/** @typedef {import('../../../lib/pipeline/deliver/outcome.js').Outcome} Outcome */
/** @typedef {import('../../../lib/pipeline/deliver/event-deliverer.js').EventDeliverer['deliver']} Deliver */

/** @param {Delivery} delivery */
export async function deliverBy(delivery) {
  if (delivery === 'webhook') return;
  const { EventDeliverer } = await published('pipeline/deliver/event-deliverer.js');
  const { prototype } = EventDeliverer;
  if (delivery === 'stock') prototype.deliver = await stock();
  else prototype.deliver = delivery === 'nothing' ? deliverToNobody : failNowAndThen();
}

/** @type {Outcome} */
const DELIVERED = {
  kind: 'delivered',
  status: STATUS,
  error: null,
  retryAfter: null,
  responseHeaders: HEADERS_RECEIVED,
  responseBody: BODY,
  duration: 1,
};

/** @type {Deliver} */
async function deliverToNobody() {
  return DELIVERED;
}

/** One attempt in so many fails. */
const FAILS_EVERY = 5;

/** @returns {Deliver} */
function failNowAndThen() {
  let attempts = 0;
  const error = { code: 'HTTP_503', message: 'The receiver answered 503' };
  /** @type {Outcome} */
  const failed = { ...DELIVERED, kind: 'retry', status: 503, error };
  return async () => {
    attempts += 1;
    return attempts % FAILS_EVERY === 0 ? failed : DELIVERED;
  };
}

/** As an application posts with the `HttpService` that Nest hands it, with the engine's own body and headers. */
async function stock() {
  const { webhookBody } = await published('pipeline/deliver/webhook-body.js');
  const { answered, unanswered } = await published('pipeline/deliver/outcome.js');
  const http = new HttpService();

  /** @type {Deliver} */
  return async (to, event) => {
    const destination =
      /** @type {import('../../../lib/pipeline/deliver/destination.js').WebhookDestination} */ (to);
    const start = performance.now();
    try {
      const { status, headers, data } = await firstValueFrom(
        http.post(destination.url, webhookBody(destination, event), {
          headers: recordOf(destination.headers),
        }),
      );
      const answer = {
        status,
        headers: Object.fromEntries(Object.entries(headers)),
        body: Buffer.from(JSON.stringify(data)),
      };
      return answered(answer, performance.now() - start, Date.now());
    } catch (error) {
      return unanswered(error, destination.origin, performance.now() - start);
    }
  };
}

/** @param {readonly string[]} pairs names and values in turn */
function recordOf(pairs) {
  const names = pairs.filter((_, place) => place % 2 === 0);
  return Object.fromEntries(names.map((name, place) => [name, pairs[place * 2 + 1] ?? '']));
}
