import { InvalidTriggerError } from '../../event-triggers.errors.js';
import type { Transform, TransformedRequest } from '../attach/transform.js';
import type { ClaimedEvent, EventTriggerPayload } from '../event.js';
import { Deadlines } from './deadline.js';
import type { WebhookDestination } from './destination.js';
import { parsePayload } from './exact-json.js';
import type { Letter } from './letter.js';
import { checkedName, checkedValue } from './request-headers.js';
import { webhookBody } from './webhook-body.js';
import { placeOf, webhookUrl, type UrlRules, type WebhookPlace } from './webhook-url.js';

/** What the application has a say with, and within which bounds. */
export interface TransformTerms {
  readonly trigger: string;
  readonly transform: Transform;
  readonly rules: UrlRules;
  /** Headers that may go to another origin than the definition's. */
  readonly elsewhere: readonly string[];
}

/** A request before it is signed. */
export interface Sending {
  readonly destination: WebhookDestination;
  readonly letter: Letter;
}

/** An event and the transform that has the last word on its request. */
export interface Transformation extends Sending {
  readonly terms: TransformTerms;
  readonly event: ClaimedEvent;
}

/** Asks the application for its last word on requests. */
export class Transformer {
  private readonly deadlines = new Deadlines();

  /**
   * The request as the application wants it; null where it wants none.
   *
   * @throws whatever the transform throws; InvalidTriggerError for what cannot be sent; DeadlineError
   */
  async transform({ terms, destination, event, letter }: Transformation): Promise<Sending | null> {
    const payload = parsePayload(
      webhookBody(destination, event, letter.id),
    ) as EventTriggerPayload<unknown>;
    const attempt = event.attemptsBefore + 1;
    return await this.deadlines.within(
      destination.timeout,
      'in its transform',
      async (deadline) => {
        const wanted = await terms.transform(payload, { attempt, signal: deadline.signal() });
        if (wanted === 'skip') return null;
        const changed = changedDestination(terms, destination, requestOf(terms, wanted));
        return {
          destination: { ...changed, timeout: deadline.remaining() },
          letter: { ...letter, ...changedBody(terms, wanted?.body), sentAt: Date.now() },
        };
      },
    );
  }

  /** Gives up what is under way. */
  abort(reason: Error): void {
    this.deadlines.abort(reason);
  }
}

function requestOf(
  { trigger }: TransformTerms,
  wanted: TransformedRequest | undefined,
): TransformedRequest {
  if (wanted === undefined) return {};
  if (typeof wanted === 'object' && (wanted as unknown) !== null) return wanted;
  throw new InvalidTriggerError(trigger, `its transform returned ${JSON.stringify(wanted)}`, {
    hint: "Return { url, headers, body }, of which all may be left out, or 'skip'.",
  });
}

function changedDestination(
  terms: TransformTerms,
  destination: WebhookDestination,
  { url, headers = {} }: TransformedRequest,
): WebhookDestination {
  const place: WebhookPlace =
    url === undefined
      ? destination
      : placeOf(
          webhookUrl(terms.trigger, String(url), terms.rules, 'what its transform gave as url'),
        );
  const usual = place.origin === destination.origin ? destination.headers : terms.elsewhere;
  const { url: href, origin, path } = place;
  return { ...destination, url: href, origin, path, headers: merged(terms, usual, headers) };
}

function merged(
  { trigger }: TransformTerms,
  usual: readonly string[],
  wanted: Record<string, string | null>,
): readonly string[] {
  const headers = new Map<string, string>();
  for (let place = 0; place < usual.length; place += 2)
    headers.set(usual[place]!, usual[place + 1]!);
  for (const [name, value] of Object.entries(wanted)) {
    const key = name.toLowerCase() === CONTENT_TYPE ? CONTENT_TYPE : checkedName(trigger, name);
    if (value === null) headers.delete(key);
    else headers.set(key, checkedValue(trigger, name, String(value)));
  }
  return [...headers].flat();
}

/** Of the reserved ones the only one that depends on the body. */
const CONTENT_TYPE = 'content-type';

function changedBody({ trigger }: TransformTerms, body: unknown): { body?: string } {
  if (body === undefined) return {};
  if (typeof body === 'string') return { body };
  const text = JSON.stringify(body) as string | undefined;
  if (text !== undefined) return { body: text };
  throw new InvalidTriggerError(trigger, 'the body of its transform cannot be written as JSON', {
    hint: 'Return text, or a value that JSON has.',
  });
}
