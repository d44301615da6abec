import type { DataSource } from 'typeorm';
import { EventTriggersError } from '../../event-triggers.errors.js';
import { advisoryKey } from '../../schema/advisory-lock.js';
import { quoteIdentifier } from '../../schema/identifier.js';
import { eventId } from '../deliver/event-id.js';
import type { EventNumber, TriggerId } from '../event.js';
import type { ApplicationEvents, RunStatement } from './application-events.js';
import { erasureStatements, type ErasureStatements } from './erasure.sql.js';
import type { EventState } from './event-filter.js';

/** Events that are erased in one transaction: a claim of their trigger waits no longer than a moment. */
const CHUNK = 500;
/** As many ids as help to find out what is in the way. */
const MOST_NAMED = 5;

/** Which events of a row to erase, and how. */
export interface ErasureOptions {
  /** Of this trigger. Default: of all triggers of the application. */
  readonly trigger?: string;
  /** Only counts. Default: false. */
  readonly dryRun?: boolean;
  /** Gives up events that are still owed, instead of refusing. Default: false. */
  readonly cancelWaiting?: boolean;
  /** Called after each part, with how many there are so far. */
  readonly onProgress?: (erased: number) => void;
  /** Ends it after the part that is under way. */
  readonly signal?: AbortSignal;
}

/** What was erased, or with `dryRun` what there is. */
export interface Erasure {
  readonly events: number;
  /** Those among them that somebody was still owed. */
  readonly owed: number;
  /** Those that a replica has in hand: while there are any, nothing is erased. */
  readonly inFlight: number;
  readonly attempts: number;
}

interface Candidate {
  readonly trigger_id: TriggerId;
  readonly number: EventNumber;
  readonly created_at: string;
  readonly key: string | null;
  readonly key_before: string | null;
  readonly state: EventState;
  readonly attempts: number;
}

type Place = Pick<Candidate, 'trigger_id' | 'number'>;
type Chosen = [triggers: TriggerId[], numbers: EventNumber[], times: string[]];

const OWED: readonly EventState[] = ['waiting', 'retrying', 'parked'];

/**
 * Removes all traces of a row: its events, their attempts, retries, dead letters, cancellations, and what the inbox
 * has of them.
 *
 * What must hold: cursors and open batches go on as if the numbers had never been issued. They do, since a page is
 * bounded by numbers and not by a count, and since nothing is claimed or in hand of what is erased.
 */
export class EventEraser {
  private readonly statements: ErasureStatements;
  private readonly lockKey: number;

  constructor(
    private readonly dataSource: DataSource,
    schemaName: string,
    private readonly events: ApplicationEvents,
  ) {
    this.statements = erasureStatements(quoteIdentifier(schemaName));
    this.lockKey = advisoryKey(schemaName);
  }

  /** @throws EventTriggersError `ET_UNKNOWN_TRIGGER`, `ET_EVENT_IN_FLIGHT` or `ET_EVENT_OWED` */
  async erase(key: string, options: ErasureOptions): Promise<Erasure> {
    const candidates = await this.find(key, options.trigger);
    const found = counted(candidates);
    if (options.dryRun === true) return found;
    const installation = await this.events.installation();
    const refuse = refusing(key, installation, options.cancelWaiting ?? false);
    refuse(candidates);
    const gone: Candidate[] = [];
    for (let first = 0; first < candidates.length; first += CHUNK) {
      const chunk = candidates.slice(first, first + CHUNK);
      await this.eraseChunk(chunk, installation, refuse);
      gone.push(...chunk);
      options.onProgress?.(gone.length);
      if (options.signal?.aborted === true) break;
    }
    return counted(gone);
  }

  private async find(key: string, trigger: string | undefined): Promise<Candidate[]> {
    const triggers = await this.events.triggers();
    const ids =
      trigger === undefined ? [...triggers.values()] : this.events.named([trigger], triggers);
    return this.events.run<Candidate>(this.statements.find, [ids, key]);
  }

  private async eraseChunk(
    chunk: readonly Candidate[],
    installation: number,
    refuse: (candidates: readonly Candidate[]) => void,
  ): Promise<void> {
    const chosen = chosenOf(chunk);
    // What is asked after the locks were taken has to be seen, so each statement has its own snapshot.
    await this.dataSource.transaction('READ COMMITTED', async (manager) => {
      const run: RunStatement = (text, values) => manager.query(text, [...values]);
      await run(this.statements.lockStreams, [chosen[0], this.lockKey]);
      refuse(await this.asTheyAre(chunk, chosen, run));
      await this.eraseAttempts(chosen, run);
      await run(this.statements.eraseCopies, chosen);
      await run(this.statements.eraseEvents, chosen);
      await run(this.statements.eraseInbox, [
        chunk.map(({ number, created_at }) =>
          eventId(installation, { number, createdAt: created_at }),
        ),
      ]);
      const keys = chunk.flatMap(({ trigger_id, key, key_before }) =>
        [key, key_before].flatMap((one) => (one === null ? [] : [{ trigger_id, one }])),
      );
      await run(this.statements.advanceKeys, [
        keys.map(({ trigger_id }) => trigger_id),
        keys.map(({ one }) => one),
      ]);
    });
  }

  /** With what has changed since they were found: some may be in somebody's hands, or delivered. */
  private async asTheyAre(
    chunk: readonly Candidate[],
    chosen: Chosen,
    run: RunStatement,
  ): Promise<Candidate[]> {
    const retries = await run<Place & { inHand: boolean }>(this.statements.lockRetries, chosen);
    const inHand = placesOf([
      ...retries.filter((retry) => retry.inHand),
      ...(await run<Place>(this.statements.inHand, chosen)),
    ]);
    const waiting = placesOf(retries.filter((retry) => !retry.inHand));
    return chunk.map((candidate) => {
      const place = placeOf(candidate);
      if (inHand.has(place)) return { ...candidate, state: 'in-flight' };
      if (waiting.has(place)) return { ...candidate, state: 'retrying' };
      const wasOnItsWay = ['in-flight', 'retrying', 'parked'].includes(candidate.state);
      return wasOnItsWay ? { ...candidate, state: 'closed' } : candidate;
    });
  }

  private async eraseAttempts(chosen: Chosen, run: RunStatement): Promise<void> {
    const [kept] = await run<{ from: string | null; to: string | null }>(
      this.statements.keptHeaders,
      chosen,
    );
    if (kept?.from !== null)
      await run(this.statements.handHeadersOn, [...chosen, kept?.from, kept?.to]);
    await run(this.statements.eraseAttempts, chosen);
  }
}

function refusing(
  key: string,
  installation: number,
  cancelWaiting: boolean,
): (candidates: readonly Candidate[]) => void {
  const named = (candidates: readonly Candidate[]): string => {
    const ids = candidates
      .slice(0, MOST_NAMED)
      .map(({ number, created_at }) => eventId(installation, { number, createdAt: created_at }));
    return ids.join(', ') + (candidates.length > MOST_NAMED ? ', …' : '');
  };
  return (candidates) => {
    const inFlight = candidates.filter(({ state }) => state === 'in-flight');
    if (inFlight.length > 0) {
      throw new EventTriggersError(
        'ET_EVENT_IN_FLIGHT',
        `${inFlight.length} events of the key "${key}" are in flight: ${named(inFlight)}`,
        { hint: 'Try again in a moment, when what came of them is written down.' },
      );
    }
    const owed = candidates.filter(({ state }) => OWED.includes(state));
    if (owed.length === 0 || cancelWaiting) return;
    throw new EventTriggersError(
      'ET_EVENT_OWED',
      `${owed.length} events of the key "${key}" are still owed: ${named(owed)}`,
      {
        hint: 'Let them be delivered first, or give them up with cancelWaiting (--cancel-waiting).',
      },
    );
  };
}

const counted = (candidates: readonly Candidate[]): Erasure => ({
  events: candidates.length,
  owed: candidates.filter(({ state }) => OWED.includes(state)).length,
  inFlight: candidates.filter(({ state }) => state === 'in-flight').length,
  attempts: candidates.reduce((sum, { attempts }) => sum + attempts, 0),
});

const chosenOf = (chunk: readonly Candidate[]): Chosen => [
  chunk.map(({ trigger_id }) => trigger_id),
  chunk.map(({ number }) => number),
  chunk.map(({ created_at }) => created_at),
];

const placeOf = ({ trigger_id, number }: Place): string => `${trigger_id} ${number}`;
const placesOf = (places: readonly Place[]): ReadonlySet<string> => new Set(places.map(placeOf));
