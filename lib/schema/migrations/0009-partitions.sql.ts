import { LOCK } from '../advisory-lock.js';
import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { cursors } from './0009-cursors.sql.js';
import { leaving, STEP } from './0009-leaving.sql.js';
import { owed } from './0009-owed.sql.js';

/** So many rows are moved out of a default partition within that time; more are left there until they are old. */
const MOST_MOVED = 10_000;

/**
 * The logs by time: a partition for each day or hour is made ahead, and old ones leave as whole tables.
 *
 * What must hold: no event that is still owed leaves; capture never fails for want of a partition, since
 * there is always the default one; no writer waits for any of it longer than a moment.
 */
export const partitions = (context: MigrationContext): string => `
${catalogue(context)}
${making(context)}
${leaving(context)}
${owed(context)}
${cursors(context)}
${firstPartitions(context)}
`;

const catalogue = ({ schema }: MigrationContext): string => `
-- The oldest row of a default partition.
create function ${schema}.oldest_in_default_v1(log text)
  returns timestamptz
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $$
declare
  oldest timestamptz;
begin
  execute format('select min(d.created_at) from %s.%I d', ${quoteLiteral(schema)}, log || '_default') into oldest;
  return oldest;
end $$;

-- The partitions of the logs, default ones without bounds. The size counts what hangs on them too.
create function ${schema}.partitions_v1()
  returns table (log text, name text, starts_at timestamptz, ends_at timestamptz, bytes bigint, oldest timestamptz)
  language sql
  stable
  set search_path = pg_catalog, pg_temp
  set "TimeZone" = 'UTC'
as $$
  select p.relname::text, c.relname::text,
         (regexp_match(b.bounds, 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz,
         (regexp_match(b.bounds, 'TO \\(''([^'']+)''\\)'))[1]::timestamptz,
         pg_total_relation_size(c.oid),
         case when b.bounds = 'DEFAULT' then ${schema}.oldest_in_default_v1(p.relname::text) end
    from pg_inherits i
    join pg_class p
      on p.oid = i.inhparent
    join pg_class c
      on c.oid = i.inhrelid
   cross join lateral (select pg_get_expr(c.relpartbound, c.oid) as bounds) b
   where p.relnamespace = ${quoteLiteral(schema)}::regnamespace
     and p.relkind = 'p'
     and c.relkind = 'r'
   order by p.relname, 3 nulls last;
$$;
`;

/** Those of the present, while nobody writes to the logs yet. */
const firstPartitions = ({ schema }: MigrationContext): string => `
select ${schema}.make_partition_v1(
         l.log, l.log || '_' || to_char(p.starts_at at time zone 'UTC', 'YYYYMMDDHH24'), p.starts_at, p.starts_at + l.span)
  from (values ('event', 'day', interval '1 day'), ('attempt', 'day', interval '1 day'), ('tally', 'day', interval '1 day'), ('batch', 'hour', interval '1 hour'),
               ('batch_done', 'hour', interval '1 hour'), ('tick', 'hour', interval '1 hour')) l (log, unit, span)
 cross join generate_series(0, 1) ahead
 cross join lateral (
       select date_trunc(l.unit, clock_timestamp(), 'UTC') + ahead * l.span as starts_at) p;
`;

const making = ({ schema, lockKey }: MigrationContext): string => `
-- Makes the partition of a log for a time; false where it is there, or where the default one holds more of that
-- time than can be moved in a moment. It is made as a table of its own and then attached: CREATE … PARTITION OF
-- would lock the log itself, and wait for every transaction that has written to it.
create function ${schema}.make_partition_v1(log text, name text, starts_at timestamptz, ends_at timestamptz)
  returns boolean
  language plpgsql
  volatile
  ${STEP}
as $$
declare
  misplaced bigint;
begin
  if to_regclass(format('%s.%I', ${quoteLiteral(schema)}, name)) is not null
     or not pg_try_advisory_xact_lock(${lockKey}, ${LOCK.keep})
  then
    return false;
  end if;
  execute format('select count(*) from (select from %1$s.%2$I where created_at >= $1 and created_at < $2 limit ${MOST_MOVED + 1}) m',
    ${quoteLiteral(schema)}, log || '_default')
    into misplaced
    using starts_at, ends_at;
  if misplaced > ${MOST_MOVED} then
    return false;
  end if;
  execute format('create table %1$s.%2$I (like %1$s.%3$I including defaults including storage including indexes)',
    ${quoteLiteral(schema)}, name, log);
  if misplaced > 0 then
    -- Readers and writers of the default partition wait meanwhile, so that no reader finds a row missing.
    execute format('lock table %1$s.%2$I in access exclusive mode', ${quoteLiteral(schema)}, log || '_default');
    execute format('with moved as (delete from %1$s.%2$I where created_at >= $1 and created_at < $2 returning *) insert into %1$s.%3$I select * from moved',
      ${quoteLiteral(schema)}, log || '_default', name)
      using starts_at, ends_at;
  end if;
  execute format('alter table %1$s.%2$I attach partition %1$s.%3$I for values from (%4$L) to (%5$L)',
    ${quoteLiteral(schema)}, log, name, starts_at, ends_at);
  return true;
end $$;
`;
