import type { DataSource } from 'typeorm';
import { EventTriggersError } from '../../event-triggers.errors.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import { adoptionStatements } from './adoption.sql.js';

/** What becomes of the events that wait in a log that is taken over. */
export type Adoption = 'deliver' | 'discard';

/** Which log, and where it is from now on. */
export interface AdoptedLog {
  readonly dataSource: DataSource;
  readonly schema: QuotedIdentifier;
  readonly deployment: string | null;
}

/**
 * Takes over the log of a database that is a copy.
 *
 * @returns how many events waited
 * @throws EventTriggersError `ET_INVALID_ADOPTION` or `ET_NOTHING_TO_ADOPT`
 */
export async function adoptLog(
  { dataSource, schema, deployment }: AdoptedLog,
  waiting: Adoption,
): Promise<number> {
  if (waiting !== 'deliver' && waiting !== 'discard') throw notADecision(waiting);
  const { mark, adopt } = adoptionStatements(schema);
  const [before] = await dataSource.query<{ marked: string }[]>(mark);
  const [adopted] = await dataSource.transaction('REPEATABLE READ', (manager) =>
    manager.query<{ waiting: string | null }[]>(adopt, [
      before?.marked,
      waiting === 'deliver',
      deployment,
    ]),
  );
  const count = adopted?.waiting ?? null;
  if (count === null) throw nothingToAdopt();
  return Number(count);
}

function notADecision(waiting: never): EventTriggersError {
  return new EventTriggersError(
    'ET_INVALID_ADOPTION',
    `What is to become of the events that wait cannot be "${String(waiting)}"`,
    { hint: "Say 'deliver' or 'discard'." },
  );
}

function nothingToAdopt(): EventTriggersError {
  return new EventTriggersError('ET_NOTHING_TO_ADOPT', 'The log is delivered from here already', {
    hint: 'Give up the backlog of a trigger with purge; send events again with redeliverMany.',
  });
}
