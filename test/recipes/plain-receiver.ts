// #region recipe
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** Throws where it was signed with another key, changed on the way, or sent more than five minutes ago. */
export async function verified(request: IncomingMessage, key: string): Promise<unknown> {
  const body = await text(request);
  return new Webhook(key).verify(body, request.headers as Record<string, string>);
}
// #endregion
