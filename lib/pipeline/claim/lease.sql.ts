import type { QuotedIdentifier } from '../../schema/identifier.js';

export interface LeaseStatements {
  readonly register: string;
  readonly heartbeat: string;
  readonly rename: string;
  readonly release: string;
}

/** The statements that keep a dispatcher's lease. All times are the database's. */
export function leaseStatements(schema: QuotedIdentifier): LeaseStatements {
  return {
    // What it will claim is above every number issued so far: an heir need not walk the batches below.
    register: `
      insert into ${schema}.dispatcher (id, application, lease_until, open_from, declares)
      select $1, $2, clock_timestamp() + $3 * interval '1 second', n.last_value, $4
        from ${schema}.batch_id n
       where ${schema}.require_deployment_v1($5)`,
    heartbeat: `select ${schema}.heartbeat_v1($1, $2 * interval '1 second', $3)`,
    rename: `
      select cardinality(
        ${schema}.rename_v1($1, $2, $3 * interval '1 second', $4, $5, $6, $7, $8, $9))`,
    release: `select ${schema}.release_v1($1, $2)`,
  };
}
