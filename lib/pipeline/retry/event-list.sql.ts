import type { QuotedIdentifier } from '../../schema/identifier.js';
import { openBatches } from '../../schema/migrations/0009-leaving.sql.js';
import { cursor } from '../../schema/migrations/stream-cursor.sql.js';
import { utcText } from '../capture/utc-text.sql.js';

export interface EventListStatements {
  readonly list: string;
  readonly find: string;
  readonly attempts: string;
  readonly path: string;
}

/** Of the streams in question ($1), once for all events: where they stand, and which of their batches are open. */
export const streams = (schema: string): string => `
      stream as materialized (
        select t.id as trigger_id, c.last_id, c.more, a.snapshot as seen, b.snapshot as cut
          from unnest($1::integer[]) t (id)
         cross join lateral ${cursor(schema, 't.id')}
      ),
      open_batch as materialized (${openBatches(schema, 'b.trigger_id, b.after_id, b.last_id')}
           and b.trigger_id = any ($1)
      )`;

/** Where an event `c` is, of which trigger_id, number and created_at are known. Each arm is a walk along an index. */
export const states = (schema: string): string => `
       left join lateral (
             select r.due, r.dispatcher
               from ${schema}.retry r
              where r.trigger_id = c.trigger_id
                and r.event_id = c.number
                and r.created_at = c.created_at) r on true
       left join lateral (
             select l.reason
               from ${schema}.dead_letter l
              where l.trigger_id = c.trigger_id
                and l.event_id = c.number
                and l.created_at = c.created_at) l on true
       cross join lateral (
             select count(*)::integer as attempts, coalesce(bool_or(t.outcome = 'delivered'), false) as delivered
               from ${schema}.attempt t
              where t.event_id = c.number
                and t.trigger_id = c.trigger_id
                -- and not at another event that had this number before
                and t.created_at >= c.created_at) t
       cross join lateral (
             select case
                    when l.reason is not null then 'dead'
                    when r.dispatcher is not null then 'in-flight'
                    when r.due = 'infinity' then 'parked'
                    when r.due is not null and t.attempts = 0 then 'waiting'
                    when r.due is not null then 'retrying'
                    when exists (
                      select from ${schema}.cancellation x
                       where x.trigger_id = c.trigger_id
                         and x.event_id = c.number
                         and x.created_at = c.created_at) then 'cancelled'
                    when t.delivered then 'delivered'
                    when exists (
                      select from stream s
                       cross join lateral (
                             select e.xid
                               from ${schema}.event e
                              where e.trigger_id = c.trigger_id
                                and e.id = c.number
                                and e.created_at = c.created_at) e
                       where s.trigger_id = c.trigger_id
                         and (not pg_visible_in_snapshot(e.xid, s.cut)
                           or s.more and c.number > s.last_id and not pg_visible_in_snapshot(e.xid, s.seen))) then 'waiting'
                    when t.attempts = 0 and exists (
                      select from open_batch b
                       where b.trigger_id = c.trigger_id
                         and c.number > b.after_id
                         and c.number <= b.last_id) then 'in-flight'
                    else 'closed' end as state) s`;

/** The columns of an attempt `t` as JSON, or as columns of their own. */
const ATTEMPT: readonly (readonly [name: string, column: string])[] = [
  ['number', 't.number'],
  ['outcome', 't.outcome'],
  ['status', 't.status'],
  ['duration_ms', 't.duration_ms'],
  ['error_code', 't.error_code'],
  ['error_message', 't.error_message'],
  ['ended_at', utcText('t.created_at')],
];
const attemptColumns = ATTEMPT.map(([name, column]) => `${column} as ${name}`).join(', ');
const attemptObject = ATTEMPT.map(([name, column]) => `'${name}', ${column}`).join(', ');

/** What is told of an event `p` in any case. */
const summary = (schema: string): string => `
             p.trigger_id, p.number::text as number, ${utcText('p.created_at')} as created_at, p.operation::text as operation, p.key,
             p.state, p.attempts, p.reason,
             case when p.due < 'infinity' then ${utcText('p.due')} end as due,
             y.last
        from page p
        left join lateral (
             select json_build_object(${attemptObject}) as last
               from ${schema}.attempt t
              where t.event_id = p.number
                and t.trigger_id = p.trigger_id
                and t.created_at >= p.created_at
              order by t.created_at desc
              limit 1) y on true`;

const CANDIDATE = (alias: string, number: string): string =>
  `${alias}.trigger_id, ${alias}.${number} as number, ${alias}.created_at, ${alias}.operation, ${alias}.key`;

/** Clocks that were set, and writers that overtook each other between their number and their time. */
const DISORDER = `interval '1 second'`;

/** The events of a table that are wanted, as far as an index tells: of a trigger, below ($2, $3), from $4 and before $5. */
const wanted = (number: string): string => `
                    and ($2::bigint is null or e.${number} <= $2)
                    and ($2::bigint is null or (e.${number}, e.created_at) < ($2, $3::timestamptz))
                    and ($4::timestamptz is null or e.created_at >= $4)
                    and ($5::timestamptz is null or e.created_at < $5)
                  order by e.${number} desc, e.created_at desc
                  limit $10`;

/** The newest of the log. Where there is a time, only the numbers around it are walked over. */
const newestOfLog = (schema: string): string => `
          select n.*
            from unnest($1::integer[]) t (id)
           cross join lateral (
                 select case when $4::timestamptz is not null
                             then ${schema}.number_at_v1(t.id, $4::timestamptz - ${DISORDER}) end as first,
                        case when $5::timestamptz is not null
                             then ${schema}.number_at_v1(t.id, $5::timestamptz + ${DISORDER}) end as behind) b
           cross join lateral (
                 select ${CANDIDATE('e', 'id')}
                   from ${schema}.event e
                  where e.trigger_id = t.id
                    and 'log' = any ($11::text[])
                    and e.id >= coalesce(b.first, 0)
                    and e.id < coalesce(b.behind, 9223372036854775807)${wanted('id')}) n`;

/** The newest of a table that has no more than what waits or was given up. */
const newest = (schema: string, table: string, source: string): string => `
          select n.*
            from unnest($1::integer[]) t (id)
           cross join lateral (
                 select ${CANDIDATE('e', 'event_id')}
                   from ${schema}.${table} e
                  where e.trigger_id = t.id
                    and '${source}' = any ($11::text[])${wanted('event_id')}) n`;

/** Looking at events. None of it reads an image but that of a single event, and none of it locks anything. */
export function eventListStatements(schema: QuotedIdentifier): EventListStatements {
  return {
    // $6 operations, $7 key, $8 states and the path $12 are told apart among at most $10 events, so that no filter makes it walk
    // the log. Retries and dead letters may be of events that the log has let go of.
    list: `
      with candidate as materialized (
        select c.*
          from (${newestOfLog(schema)}
          union
          ${newest(schema, 'retry', 'retry')}
          union
          ${newest(schema, 'dead_letter', 'dead')}) c
         order by c.number desc, c.created_at desc
         limit $10
      ),${streams(schema)},
      page as materialized (
        select c.*, s.state, t.attempts, l.reason, r.due
          from (select * from candidate c order by c.number desc, c.created_at desc) c${states(schema)}
         where ($6::text[] is null or c.operation::text = any ($6))
           and ($7::text is null or c.key = $7)
           and ($8::text[] is null or s.state = any ($8))
           and ($12::jsonpath is null or ${schema}.matches_path_v1(c.trigger_id, c.number, c.created_at, $12))
         order by c.number desc, c.created_at desc
         limit $9
      ),
      looked_at as (
        select count(*)::integer as looked_at
          from candidate
      ),
      lowest as (
        select c.number::text as lowest_number, ${utcText('c.created_at')} as lowest_created
          from candidate c
         order by c.number, c.created_at
         limit 1
      )
      select k.looked_at, w.lowest_number, w.lowest_created, f.*
        from looked_at k
        left join lowest w on true
        left join (
      select ${summary(schema)}) f on true
       order by f.number::bigint desc, f.created_at desc`,
    path: 'select $1::jsonpath',
    find: `
      with${streams(schema)},
      page as (
        select c.*, s.state, t.attempts, l.reason, r.due
          from (
               select ${CANDIDATE('e', 'id')}, e.old, e.new, e.session, e.trace
                 from ${schema}.event e
                where e.trigger_id = any ($1) and e.id = $2 and ${schema}.is_of_millisecond_v1(e.created_at, $3)
               union all
               select ${CANDIDATE('e', 'event_id')}, e.old, e.new, e.session, e.trace
                 from ${schema}.retry e
                where e.trigger_id = any ($1) and e.event_id = $2 and ${schema}.is_of_millisecond_v1(e.created_at, $3)
               union all
               select ${CANDIDATE('e', 'event_id')}, e.old, e.new, e.session, e.trace
                 from ${schema}.dead_letter e
                where e.trigger_id = any ($1) and e.event_id = $2 and ${schema}.is_of_millisecond_v1(e.created_at, $3)
                limit 1) c${states(schema)}
      )
      select p.old::text as old, p.new::text as new, p.session, p.trace,
             (select d.definition::text from ${schema}.event_trigger d where d.id = p.trigger_id) as definition,
             exists (
               select from ${schema}.retry r
                where r.trigger_id = p.trigger_id
                  and r.event_id = p.number
                  and r.created_at = p.created_at
                  and r.redelivered) as redelivered, ${summary(schema)}`,
    attempts: `
      select ${attemptColumns}, t.response_headers, t.response_body
        from ${schema}.delivery_attempt t
       where t.trigger_id = $1
         and t.event_id = $2
         and t.created_at >= $3::timestamptz
       order by t.created_at, t.number`,
  };
}
