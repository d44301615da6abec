import { EventTriggersError } from '../../event-triggers.errors.js';
import type { RunStatement } from '../../pipeline/retry/application-events.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import {
  carryEvents,
  COUNT_EVENTS,
  SELECT_LOG,
  selectReceiving,
  wakeDispatchers,
  type KeyColumn,
} from './event-carrier.sql.js';

/** Few enough to be over in a second, and as many as that allows: each looks at all that still waits. */
const CHUNK = 10_000;

/** Events of one trigger in the log of Hasura. */
export interface HasuraEvents {
  readonly name: string;
  /** Neither delivered nor given up, and in nobody's hands. */
  readonly waiting: number;
  /** Under way in Hasura at this moment. */
  readonly inHand: number;
}

/** What became of the events of one trigger that waited in Hasura. */
export interface CarriedEvents {
  readonly name: string;
  /** They are delivered from here. */
  readonly carried: number;
  /** Changes that were captured here too: they are delivered once, from here. */
  readonly alreadyHere: number;
  /** What Hasura had in hand in the end: it may still deliver them, or they can be carried later. */
  readonly inHand: number;
  /** Why nothing was carried. */
  readonly problem?: string;
}

interface Receiving {
  readonly id: number;
  readonly keepsOrder: boolean;
  readonly operations: readonly string[];
  readonly capturedSince: string | null;
  readonly keyColumns: readonly KeyColumn[];
}

interface Chunk {
  readonly seen: number;
  readonly carried: number;
}

/**
 * Carries what waits in the log of Hasura over to triggers of the same name here.
 *
 * What must always hold: an event is owed by one of the two, never by both and never by none. Each chunk is one statement;
 * whoever is cut off begins again where it stopped.
 */
export class EventCarrier {
  constructor(
    private readonly run: RunStatement,
    private readonly schema: QuotedIdentifier,
    private readonly application: string,
  ) {}

  /** @throws EventTriggersError `ET_NO_HASURA` where Hasura has no log in this database, or one that is too old */
  async count(names: readonly string[]): Promise<HasuraEvents[]> {
    const [log] = await this.run<{ exists: boolean; isKnown: boolean }>(SELECT_LOG, []);
    if (log?.isKnown === true) return this.run<HasuraEvents>(COUNT_EVENTS, [names]);
    throw log?.exists === true
      ? new EventTriggersError(
          'ET_NO_HASURA',
          'hdb_catalog.event_log has the form of an old version of Hasura',
          { hint: 'Update Hasura to version 2.0 or later: it brings its log up to date itself.' },
        )
      : new EventTriggersError('ET_NO_HASURA', 'This database has no log of Hasura', {
          hint: 'Name the database whose tables the triggers are on: Hasura keeps hdb_catalog.event_log there.',
        });
  }

  /**
   * @param onProgress told how many were carried or found here so far
   * @param signal ends it after the chunk under way
   */
  async carry(
    name: string,
    { onProgress, signal }: { onProgress?: (done: number) => void; signal?: AbortSignal } = {},
  ): Promise<CarriedEvents> {
    const [receiving] = await this.run<Receiving>(selectReceiving(this.schema), [
      name,
      this.application,
    ]);
    let carried = 0;
    let seen = 0;
    while (receiving !== undefined && signal?.aborted !== true) {
      const chunk = await this.carryChunk(name, receiving);
      if (chunk.seen === 0) break;
      carried += chunk.carried;
      seen += chunk.seen;
      onProgress?.(seen);
    }
    const [left] = await this.count([name]);
    const outcome = { name, carried, alreadyHere: seen - carried, inHand: left?.inHand ?? 0 };
    return receiving === undefined && left !== undefined && left.waiting > 0
      ? { ...outcome, problem: this.missing(name) }
      : outcome;
  }

  private async carryChunk(
    name: string,
    { id, capturedSince, operations, keyColumns, keepsOrder }: Receiving,
  ): Promise<Chunk> {
    const statement = carryEvents(this.schema, keyColumns, keepsOrder);
    const [chunk = { seen: 0, carried: 0 }] = await this.run<Chunk>(statement, [
      id,
      name,
      capturedSince,
      operations,
      CHUNK,
    ]);
    // Once they can be seen.
    if (chunk.carried > 0) await this.run(wakeDispatchers(this.schema), []);
    return chunk;
  }

  private missing(name: string): string {
    return `The application "${this.application}" has no event trigger "${name}" yet: add --store, or start a release that defines it, and carry its events over then.`;
  }
}
