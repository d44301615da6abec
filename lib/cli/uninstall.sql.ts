import { quoteLiteral, type QuotedIdentifier } from '../schema/identifier.js';

/** The Postgres triggers that call functions of the schema on tables outside of it, as statements. */
export const selectTriggersToDrop = (schema: QuotedIdentifier): string => `
select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass) as statement
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_proc f
    on f.oid = t.tgfoid
  join pg_catalog.pg_class c
    on c.oid = t.tgrelid
 where f.pronamespace = ${quoteLiteral(schema)}::regnamespace
   and c.relnamespace <> f.pronamespace
   -- copies for partitions go with it
   and t.tgparentid = 0
 -- in one order for all who lock tables
 order by t.tgrelid, t.tgname`;

/** Whether somebody dispatches, and how many events are owed at least. */
export const selectInUse = (schema: QuotedIdentifier): string => `
select (select count(*)::integer from ${schema}.dispatcher d where d.lease_until > clock_timestamp()) as dispatchers,
       (select count(*)::integer from ${schema}.event_trigger t where t.removed_at is null) as triggers,
       (select count(*)::integer from ${schema}.retry) as retries,
       (select count(*)::integer from ${schema}.dead_letter) as dead`;
