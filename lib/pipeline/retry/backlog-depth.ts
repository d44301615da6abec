import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { RunStatement } from './application-events.js';
import { backlogDepthStatement } from './backlog-depth.sql.js';
import { MOST_COUNTED } from './trigger-list.sql.js';

/** What nobody has claimed; numbers of events as the text that Postgres prints. */
export interface CountedBacklog {
  /** Beyond the cursor, up to `MOST_COUNTED`. */
  readonly counted: number;
  /** Behind it, up to `MOST_COUNTED` of each transaction. */
  readonly behind: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly newest: string | null;
}

/** Events that nobody has claimed, by the name of their trigger: counted up to 10,000, and estimated beyond. */
export async function backlogDepths(
  run: RunStatement,
  schema: QuotedIdentifier,
  application: string,
): Promise<Map<string, number>> {
  const rows = await run<CountedBacklog & { name: string }>(backlogDepthStatement(schema), [
    application,
  ]);
  return new Map(rows.map((row) => [row.name, estimatedDepth(row)]));
}

/**
 * Numbers are given to the events of all triggers in turn. Those that were counted say how many of them are this
 * trigger's, and the rest up to its newest is taken to be alike.
 */
export function estimatedDepth({ counted, behind, first, last, newest }: CountedBacklog): number {
  const known = counted + behind;
  if (counted < MOST_COUNTED || first === null || last === null || newest === null) return known;
  const density = (counted - 1) / (Number(last) - Number(first));
  return known + Math.round((Number(newest) - Number(last)) * density);
}
