import type { TextRow } from '../../database.js';
import type { ClaimedEvent, EventNumber, Operation, TriggerId } from '../event.js';

/** The columns of the row type `claimed`, in its order. */
const COLUMN = {
  kind: 0,
  trigger: 1,
  batch: 2,
  number: 3,
  operation: 4,
  key: 5,
  keyBefore: 6,
  old: 7,
  new: 8,
  session: 9,
  trace: 10,
  createdAt: 11,
  attempts: 12,
  claim: 13,
} as const;

type RowKind =
  | 'batch'
  | 'event'
  | 'parked'
  | 'again'
  | 'elsewhere'
  | 'retry'
  | 'redelivery'
  | 'behind'
  | 'cycle';

/** A page of a stream that is this dispatcher's for a while. */
export interface ClaimedBatch {
  readonly triggerId: TriggerId;
  readonly id: string;
  /** The batch by a name that no crash of Postgres can give away again. */
  readonly claim: string;
  readonly events: ClaimedEvent[];
}

/** What one cycle brought. */
export interface Claims {
  readonly batches: ClaimedBatch[];
  readonly retries: ClaimedEvent[];
  /** The streams that hold more, or that somebody else was claiming from. */
  readonly again: TriggerId[];
  /** The streams of which another dispatcher has work that has to be over before. */
  readonly elsewhere: TriggerId[];
  /** The tick up to which there is nothing left to ask for but `again`. */
  readonly tick: string | null;
  /** Dispatchers whose lease has run out and whose work waits for an heir. */
  readonly dead: number;
}

/** Sorts the rows of a cycle or of a takeover: a batch comes first, its events follow. */
export function readClaims(rows: readonly TextRow[]): Claims {
  const batches: ClaimedBatch[] = [];
  const retries: ClaimedEvent[] = [];
  const again: TriggerId[] = [];
  const elsewhere: TriggerId[] = [];
  let tick: string | null = null;
  let dead = 0;
  for (const row of rows) {
    switch (row[COLUMN.kind] as RowKind) {
      case 'event':
      case 'parked':
        batches.at(-1)?.events.push(readEvent(row));
        break;
      case 'batch':
        batches.push(readBatch(row));
        break;
      case 'retry':
      case 'redelivery':
      case 'behind':
        retries.push(readEvent(row));
        break;
      case 'again':
        again.push(triggerOf(row));
        break;
      case 'elsewhere':
        elsewhere.push(triggerOf(row));
        break;
      case 'cycle':
        tick = row[COLUMN.batch] ?? null;
        dead = Number(row[COLUMN.attempts]);
    }
  }
  // One of which nothing is owed has been closed.
  const owed = batches.filter(({ events }) => events.length > 0);
  return { batches: owed, retries, again, elsewhere, tick, dead };
}

const triggerOf = (row: TextRow): TriggerId => Number(row[COLUMN.trigger]) as TriggerId;

function readBatch(row: TextRow): ClaimedBatch {
  return {
    triggerId: triggerOf(row),
    id: row[COLUMN.batch] ?? '',
    claim: row[COLUMN.claim] ?? '',
    events: [],
  };
}

function readEvent(row: TextRow): ClaimedEvent {
  return {
    triggerId: triggerOf(row),
    number: row[COLUMN.number] as EventNumber,
    operation: row[COLUMN.operation] as Operation,
    key: row[COLUMN.key] ?? null,
    keyBefore: row[COLUMN.keyBefore] ?? null,
    old: row[COLUMN.old] ?? null,
    new: row[COLUMN.new] ?? null,
    session: row[COLUMN.session] ?? null,
    trace: row[COLUMN.trace] ?? null,
    createdAt: row[COLUMN.createdAt] ?? '',
    attemptsBefore: Number(row[COLUMN.attempts]),
    parked: row[COLUMN.kind] === 'parked' || row[COLUMN.kind] === 'behind',
    redelivered: row[COLUMN.kind] === 'redelivery',
  };
}
