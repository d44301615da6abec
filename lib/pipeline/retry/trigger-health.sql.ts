import type { QuotedIdentifier } from '../../schema/identifier.js';

export interface TriggerHealthStatements {
  readonly gone: string;
  readonly failing: string;
  readonly healthy: string;
}

export function triggerHealthStatements(schema: QuotedIdentifier): TriggerHealthStatements {
  return {
    gone: `select ${schema}.pause_delivery_v1($1, 'gone')`,
    failing: `select ${schema}.failing_v1($1, $2 * interval '1 millisecond')`,
    healthy: `select ${schema}.healthy_v1($1)`,
  };
}
