import type { QuotedIdentifier } from '../../schema/identifier.js';
import { RECORD_PARAMETERS } from '../claim/claim.sql.js';

/** Recording without claiming: on the way out, and when a claim is refused. */
export function recordStatement(schema: QuotedIdentifier): string {
  const parameters = Array.from({ length: RECORD_PARAMETERS }, (_, place) => `$${place + 2}`);
  return `select ${schema}.record_v1($1, ${parameters.join(', ')})`;
}
