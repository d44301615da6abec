import type { QuotedIdentifier } from '../../schema/identifier.js';

/** Moves with every change of anything, and costs nothing to ask for. */
export const WRITE_POSITION = 'select pg_current_wal_insert_lsn()::text as position';

export interface ApplicationEventStatements {
  readonly triggers: string;
  readonly installation: string;
}

export function applicationEventStatements(schema: QuotedIdentifier): ApplicationEventStatements {
  return {
    triggers: `
      select t.id, t.name
        from ${schema}.event_trigger t
       where t.application = $1
       order by t.id`,
    installation: `select i.id::text as id from ${schema}.installation i`,
  };
}
