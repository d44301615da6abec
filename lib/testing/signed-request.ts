import type { EventTriggerPayload } from '../pipeline/event.js';
import { SignedContent, timestampOf } from '../pipeline/deliver/letter.js';
import { signatureOf, signersOf } from '../pipeline/deliver/signer.js';
import { signingKeysOf, type SigningKeys } from '../signing-key.js';

/** A request as a test sends it to a receiver. */
export interface SignedRequest {
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface SignedRequestOptions {
  /** The webhook secret. Default: `NHOST_WEBHOOK_SECRET`; null sends none. */
  readonly secret?: string | null;
  /** Default: `nhost-webhook-secret`. */
  readonly header?: string;
  /** With which it is signed by Standard Webhooks. Default: none. */
  readonly signingKeys?: SigningKeys;
  /** When it was signed, to test what comes late. Default: now. */
  readonly at?: Date;
}

/**
 * A webhook with the proofs that a receiver asks for.
 *
 * @example
 * const { headers, body } = signedRequest(payloadOf({ trigger: 'order_created', new: { id: 1 } }));
 * await request(app.getHttpServer()).post('/event-triggers').set(headers).send(body).expect(204);
 *
 * @example
 * const late = signedRequest(payload, { signingKeys: KEY, at: new Date(Date.now() - 3_600_000) });
 * expect((await fetch(url, late)).status).toBe(401);
 */
export function signedRequest(
  payload: EventTriggerPayload<unknown> | readonly EventTriggerPayload<unknown>[],
  {
    secret = process.env['NHOST_WEBHOOK_SECRET'] ?? null,
    header = 'nhost-webhook-secret',
    signingKeys = [],
    at = new Date(),
  }: SignedRequestOptions = {},
): SignedRequest {
  const body = JSON.stringify(payload);
  const [first] = [payload].flat() as EventTriggerPayload<unknown>[];
  const id = first?.id ?? '';
  const letter = { id, body, sentAt: at.getTime() };
  const signers = signersOf(signingKeysOf(signingKeys), 'signedRequest', process.env);
  const signature = signatureOf(signers, new SignedContent(letter), letter.sentAt);
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestampOf(letter),
      ...(secret !== null && { [header]: secret }),
      ...(signature !== null && { 'webhook-signature': signature }),
    },
  };
}
