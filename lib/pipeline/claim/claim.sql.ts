import type { QuotedIdentifier } from '../../schema/identifier.js';
import { utcText } from '../capture/utc-text.sql.js';

/** How many parameters of `cycle_v1` say what to claim; those that say what to record follow. */
const CLAIM_PARAMETERS = 11;
/** How many say what to record. */
export const RECORD_PARAMETERS = 25;

export interface ClaimStatements {
  readonly cycle: string;
  readonly recover: string;
  readonly retryFloor: string;
  readonly nextDue: string;
}

/** The statements of this stage: calls of functions that the schema carries. */
export function claimStatements(schema: QuotedIdentifier): ClaimStatements {
  const parameters = Array.from(
    { length: CLAIM_PARAMETERS + RECORD_PARAMETERS },
    (_, place) => `$${place + 1}`,
  );
  return {
    cycle: `select * from ${schema}.cycle_v1(${parameters.join(', ')})`,
    recover: `select * from ${schema}.recover_v1($1, $2, $3)`,
    // A little earlier than now at the most: a retry that is not committed yet may be due already.
    retryFloor: `
      select ${utcText(`least(min(r.due), clock_timestamp() - interval '10 seconds')`)}
        from ${schema}.retry r
       where r.dispatcher is null`,
    nextDue: `
      select extract(epoch from min(r.due) - clock_timestamp()) * 1000
        from ${schema}.retry r
       where r.trigger_id = any ($1)
         and r.dispatcher is null
         and r.due < 'infinity'`,
  };
}
