import type { QuotedIdentifier } from '../../schema/identifier.js';

/**
 * Who has captured what the new trigger $1 starts with: from $2, or $3 milliseconds ago, as far as the log reaches back; no
 * row where nobody has.
 */
export const selectPast = (schema: QuotedIdentifier): string => `
select s.id as source, s.name as "sourceName", f.since::text as since,
       floor(extract(epoch from f.since) * 1000)::float8 as "sinceMilliseconds",
       f.since > a.since as "isLater"
  from ${schema}.past_source_v1($1) s
 cross join (select coalesce($2::timestamptz, clock_timestamp() - $3::float8 * interval '1 millisecond') as since) a
 cross join lateral (
       select greatest(a.since, s.captures_since, min(p.starts_at)) as since
         from ${schema}.partitions_v1() p
        where p.log = 'event') f`;

/** Copies for trigger $1 what $2 has captured since $3 and the snapshot $4, if there is one, has not seen. */
export const copyPast = (schema: QuotedIdentifier): string => `
select c.copied::integer as copied, c.seen::text as seen
  from ${schema}.copy_past_v1($1, $2, $3::timestamptz, $4::pg_snapshot) c`;
