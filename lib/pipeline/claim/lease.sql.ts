import type { QuotedIdentifier } from '../../schema/identifier.js';

export interface LeaseStatements {
  readonly history: string;
  readonly register: string;
  readonly heartbeat: string;
  readonly release: string;
}

/** The statements that keep a dispatcher's lease. All times are the database's. */
export function leaseStatements(schema: QuotedIdentifier): LeaseStatements {
  return {
    // Changes with every restart and with every promotion: then claims may have been forgotten.
    history: `
      select pg_postmaster_start_time()::text || ' ' || (pg_control_checkpoint()).timeline_id`,
    // What it will claim is above every number issued so far: an heir need not walk the batches below.
    register: `
      insert into ${schema}.dispatcher (id, application, lease_until, open_from)
      select $1, $2, clock_timestamp() + $3 * interval '1 second', n.last_value
        from ${schema}.batch_id n`,
    heartbeat: `select ${schema}.heartbeat_v1($1, $2 * interval '1 second', $3)`,
    release: `select ${schema}.release_v1($1, $2)`,
  };
}
