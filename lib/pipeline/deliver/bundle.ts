import { createHash } from 'node:crypto';
import type { ClaimedEvent } from '../event.js';
import { answered, OUTCOME_HEADER, unread, type Outcome } from './outcome.js';
import type { WebhookDestination } from './destination.js';
import type { HttpAnswer } from './http-exchange.js';
import { isStatusOutcome } from './status-policy.js';

/** One of several events of a request. */
export interface BundledEvent {
  readonly event: ClaimedEvent;
  readonly id: string;
  readonly body: string;
}

/** What an event brings along beside its row: names, each character of which JSON may escape, times and ids. */
const ENVELOPE_BYTES = 2_048;
/** What JSON makes of one byte at the most: `\u0001`. */
const ESCAPED_BYTES = 6;

/** What may share a request. */
export class BundleRoom {
  private taken = 0;
  private most: number;
  private redelivered: boolean | null = null;

  constructor(
    private readonly size: number,
    private bytes: number,
  ) {
    this.most = size;
  }

  /** Whether the event may go along; it then has its place. The first one has it in any case. */
  takes(event: ClaimedEvent): boolean {
    const most = Math.min(this.most, mostBeside(this.size, event));
    const bytes = this.bytes - mostBytesOf(event);
    // A header says of the whole request whether its events were asked for again.
    const fits = this.taken < most && bytes >= 0 && event.redelivered === this.redelivered;
    if (this.taken > 0 && !fits) return false;
    this.redelivered = event.redelivered;
    this.taken += 1;
    this.most = most;
    this.bytes = bytes;
    return true;
  }
}

/** At least as many bytes as the event has in a body. */
function mostBytesOf({ old, new: after, session, trace, key }: ClaimedEvent): number {
  const sizeOf = (text: string | null): number => (text === null ? 0 : Buffer.byteLength(text));
  const copied = [old, after, session, trace].reduce((bytes, text) => bytes + sizeOf(text), 0);
  return ENVELOPE_BYTES + copied + ESCAPED_BYTES * sizeOf(key);
}

/**
 * How many events may share a request with this one: half as many after each failure, since one of them that no receiver
 * can handle would fail the others with it until all are given up.
 */
function mostBeside(size: number, { attemptsBefore }: ClaimedEvent): number {
  return Math.max(1, Math.floor(size / 2 ** attemptsBefore));
}

/** An id of the request: the same for the same events, and of their form (RFC 9562 §5.8). */
export function bundleId(ids: readonly string[]): string {
  const hex = createHash('sha256').update(ids.join()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What a request with several events came to. */
export interface BundleOutcome {
  /** What it says about the destination. */
  readonly whole: Outcome;
  /** What each event comes to, in their order. */
  readonly each: readonly Outcome[];
}

/**
 * What each of several events comes to by one answer. It holds for all, but that a success may name those that have a
 * status or an outcome of their own: `{ "statuses": { "<id>": 500, "<id>": "rejected" } }`.
 */
export function bundleOutcomes(
  ids: readonly string[],
  answer: HttpAnswer,
  { statuses: rules, answer: { excerpt } }: Pick<WebhookDestination, 'statuses' | 'answer'>,
  duration: number,
  now: number,
): BundleOutcome {
  const whole = answered(answer, duration, now, rules);
  const alike = (outcome: Outcome): BundleOutcome => ({ whole, each: ids.map(() => outcome) });
  if (whole.kind !== 'delivered' || !looksLikeJson(answer)) return alike(whole);
  // It may have named one that failed behind the end of what was read.
  if (answer.body.length >= excerpt) return alike(unread(whole, excerpt));
  const statuses = statusesOf(answer);
  if (statuses === null) return alike(whole);
  const said = new Map(Object.entries(statuses));
  const each = ids.map((id) => {
    const status = said.get(id);
    if (status === undefined) return { ...whole, responseBody: '' };
    const own = { ...answer, body: Buffer.alloc(0), ...ownStatus(status, answer) };
    return ofOne(answered(own, duration, now, rules));
  });
  return { whole, each };
}

/** A status, or an outcome by its name, which a header says of a single event. */
function ownStatus(said: unknown, { headers }: HttpAnswer): Pick<HttpAnswer, 'status' | 'headers'> {
  const plain = { ...headers, [OUTCOME_HEADER]: undefined };
  if (isStatus(said)) return { status: said, headers: plain };
  const isOutcome = isStatusOutcome(said);
  const status = isOutcome && said === 'delivered' ? OK_STATUS : NO_STATUS;
  return { status, headers: isOutcome ? { ...headers, [OUTCOME_HEADER]: said } : plain };
}

/** One event that is gone says nothing about the others of its trigger. */
function ofOne(outcome: Outcome): Outcome {
  return outcome.kind === 'gone' ? { ...outcome, kind: 'rejected' } : outcome;
}

const STATUS_LEAST = 100;
const STATUS_MOST = 999;
const OK_STATUS = 200;
/** What a status is taken for that is none: a fault of the receiver. */
const NO_STATUS = 500;

/** The statuses that the answer has for single events; null where it has no such list. */
function statusesOf({ body }: HttpAnswer): object | null {
  try {
    const { statuses } = JSON.parse(body.toString('utf8')) as { statuses?: unknown };
    return typeof statuses === 'object' ? statuses : null;
  } catch {
    return null;
  }
}

const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= STATUS_LEAST && Number(value) <= STATUS_MOST;

const looksLikeJson = ({ body }: HttpAnswer): boolean =>
  /^\s*\{/.test(body.toString('utf8', 0, 64));
