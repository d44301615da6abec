import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { TriggerId } from '../event.js';
import { claimStatements, RECORD_PARAMETERS, type ClaimStatements } from './claim.sql.js';
import { readClaims, type ClaimedBatch, type Claims } from './claimed-rows.js';

/** How much one cycle may bring. */
export interface ClaimLimits {
  /** Events of a page. */
  readonly events: number;
  /** Bytes of row images in a page; a page has at least one event. */
  readonly bytes: number;
  /** Pages of a cycle. */
  readonly batches: number;
}

/** What to ask for in a cycle. */
export interface ClaimRequest {
  /** Streams that have room. */
  readonly eligible: readonly TriggerId[];
  /** Those of them to be asked whether or not the log has grown. */
  readonly hot: readonly TriggerId[];
  /** Due retries to take; 0 for none. */
  readonly retries: number;
  /** Of which triggers: also of one whose stream has no room, or a long backlog would keep them out. */
  readonly retried: readonly TriggerId[];
  /** Those of them that one dispatcher at a time may have work of. */
  readonly exclusive: readonly TriggerId[];
}

/** Parameters of `record_v1` but the first, ready for the wire. */
export type RecordParameters = readonly (string | null)[];

const NOTHING_TO_RECORD: RecordParameters = Array.from({ length: RECORD_PARAMETERS }, () => null);

/** Before everything. */
const NO_FLOOR = '-infinity';

/**
 * Events become this dispatcher's batches, for a while.
 *
 * Comes in: what there is room for. Goes out: pages of streams, each by number, and retries that are due.
 * What must hold: without a crash no event is handed out twice, and none is passed over. On a crash here
 * the lease runs out and another dispatcher gets the same pages, less what is recorded.
 */
export class EventClaimer {
  private readonly statements: ClaimStatements;
  /** The newest tick whose news were asked for. Compared, never ordered: a crash may issue it again. */
  private seen: string | null = null;
  /** A restart of the server breaks idle connections too. */
  private brokenBefore = 0;
  /** No live retry is due earlier. */
  private retryFloor = NO_FLOOR;

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
    private readonly limits: ClaimLimits,
  ) {
    this.statements = claimStatements(schema);
  }

  /** One round trip: cuts a tick, claims, and records what is given along. */
  async claim(
    dispatcher: string,
    request: ClaimRequest,
    record: RecordParameters = NOTHING_TO_RECORD,
  ): Promise<Claims> {
    if (this.brokenBefore !== this.database.brokenWhileIdle) {
      this.brokenBefore = this.database.brokenWhileIdle;
      this.forget();
    }
    const rows = await this.database.run('event-triggers:cycle', this.statements.cycle, [
      dispatcher,
      this.seen,
      arrayOf(request.eligible),
      arrayOf(request.hot),
      this.limits.events,
      this.limits.bytes,
      this.limits.batches,
      request.retries,
      arrayOf(request.retried),
      this.retryFloor,
      arrayOf(request.exclusive),
      ...record,
    ]);
    const claims = readClaims(rows);
    this.seen = claims.tick;
    return claims;
  }

  /** Takes over what dispatchers left whose lease has run out. */
  async recover(
    dispatcher: string,
    triggers: readonly TriggerId[],
    batches: number,
  ): Promise<ClaimedBatch[]> {
    const rows = await this.database.run('event-triggers:recover', this.statements.recover, [
      dispatcher,
      arrayOf(triggers),
      batches,
    ]);
    return readClaims(rows).batches;
  }

  /** Looks up where live retries begin, so that claims do not walk over dead entries of the index. */
  async raiseRetryFloor(): Promise<void> {
    const rows = await this.database.run(
      'event-triggers:retry-floor',
      this.statements.retryFloor,
      [],
    );
    this.retryFloor = rows[0]?.[0] ?? NO_FLOOR;
  }

  /** Milliseconds until a retry of one of these triggers is due; null where none waits. */
  async nextDue(triggers: readonly TriggerId[]): Promise<number | null> {
    const rows = await this.database.run('event-triggers:next-due', this.statements.nextDue, [
      arrayOf(triggers),
    ]);
    const due = rows[0]?.[0] ?? null;
    return due === null ? null : Number(due);
  }

  /** Asks every stream again, after the history of the server may have changed. */
  forget(): void {
    this.seen = null;
    this.retryFloor = NO_FLOOR;
  }
}

const arrayOf = (triggers: readonly TriggerId[]): string => `{${triggers.join(',')}}`;
