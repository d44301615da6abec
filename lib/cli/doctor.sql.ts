import type { QuotedIdentifier } from '../schema/identifier.js';

export const SELECT_SERVER = `
select current_setting('server_version') as version,
       current_setting('server_version_num')::integer as number,
       pg_is_in_recovery() as "isStandby",
       current_user::text as role,
       current_database()::text as database,
       current_setting('max_prepared_transactions')::integer as "preparedTransactions",
       pg_notification_queue_usage()::float8 as "queueUsage"`;

export const SELECT_CLOCK = `
select extract(epoch from clock_timestamp())::float8 * 1000 as now`;

export const SELECT_SESSION = `select pg_backend_pid() as pid`;

/** Whoever holds back what vacuum may remove, and with it keeps dead rows: the oldest of each kind that $1 seconds have passed for. */
export const SELECT_OLD_TRANSACTIONS = `
  (select format('session %s of %s (%s)', a.pid, coalesce(a.usename::text, '?'), coalesce(a.state, '?')) as who,
          extract(epoch from clock_timestamp() - a.xact_start)::float8 as age
     from pg_catalog.pg_stat_activity a
    where a.xact_start < clock_timestamp() - $1 * interval '1 second'
      and (a.backend_xmin is not null or a.backend_xid is not null)
      and a.pid <> pg_backend_pid()
    order by a.xact_start
    limit 1)
   union all
  (select format('prepared transaction %s', p.gid), extract(epoch from clock_timestamp() - p.prepared)::float8
     from pg_catalog.pg_prepared_xacts p
    where p.prepared < clock_timestamp() - $1 * interval '1 second'
    order by p.prepared
    limit 1)`;

/** Logs whose present or next partition is missing, and those with rows in their default one. */
export const selectPartitionGaps = (schema: QuotedIdentifier): string => `
select p.log,
       not coalesce(bool_or(p.starts_at <= clock_timestamp() and p.ends_at > clock_timestamp()), false) as "lacksPresent",
       not coalesce(bool_or(p.starts_at > clock_timestamp()), false) as "lacksNext",
       min(p.oldest) is not null as "hasMisplaced"
  from ${schema}.partitions_v1() p
 group by p.log
 order by p.log`;

/** Dispatchers of application $1 that live, and of others. */
export const selectAlive = (schema: QuotedIdentifier): string => `
select count(*) filter (where d.application = $1)::integer as own,
       count(*) filter (where d.application <> $1)::integer as others
  from ${schema}.dispatcher d
 where d.lease_until > clock_timestamp()`;

/** Raises where the log was written on another server. */
export const requireHistory = (schema: QuotedIdentifier): string =>
  `select ${schema}.require_history_v1()`;
