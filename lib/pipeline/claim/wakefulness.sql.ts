import type { QuotedIdentifier } from '../../schema/identifier.js';

export interface WakefulnessStatements {
  readonly keepAwake: string;
  readonly maySleep: string;
}

export function wakefulnessStatements(schema: QuotedIdentifier): WakefulnessStatements {
  return {
    keepAwake: `select ${schema}.keep_awake_v1($1, $2)`,
    maySleep: `select s.may, s.due_in from ${schema}.may_sleep_v1($1) s`,
  };
}
