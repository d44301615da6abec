import type { QuotedIdentifier } from '../schema/identifier.js';

export interface StatusStatements {
  readonly versions: string;
  readonly dispatchers: string;
  readonly logs: string;
}

export function statusStatements(schema: QuotedIdentifier): StatusStatements {
  return {
    versions: `
      select m.version, m.name, m.applied_at as "appliedAt"
        from ${schema}.migration m
       order by m.version desc
       limit 1`,
    // A dispatcher that left in good order has ended its lease.
    dispatchers: `
      select d.id, d.application, d.started_at as "startedAt", d.lease_until as "leaseUntil",
             d.lease_until > clock_timestamp() as alive
        from ${schema}.dispatcher d
       where not d.released
       order by d.application, d.started_at`,
    logs: `
      select p.log, count(*)::integer as partitions, sum(p.bytes)::float8 as bytes,
             min(p.starts_at) as since, min(p.oldest) as "oldestInDefault"
        from ${schema}.partitions_v1() p
       group by p.log
       order by p.log`,
  };
}
