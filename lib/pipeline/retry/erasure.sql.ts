import type { QuotedIdentifier } from '../../schema/identifier.js';
import { CLAIM_OF_RETRIES } from '../../schema/migrations/0004-claim.sql.js';
import { openBatches } from '../../schema/migrations/0009-leaving.sql.js';
import { utcText } from '../capture/utc-text.sql.js';
import { states, streams } from './event-list.sql.js';

/** All but `find` belong to one transaction, and are about the events ($1 triggers, $2 numbers, $3 times). */
export interface ErasureStatements {
  readonly find: string;
  readonly lockStreams: string;
  readonly lockRetries: string;
  readonly inHand: string;
  readonly keptHeaders: string;
  readonly handHeadersOn: string;
  readonly eraseAttempts: string;
  readonly eraseInbox: string;
  readonly eraseCopies: string;
  readonly eraseEvents: string;
  readonly advanceKeys: string;
}

const chosen = `
      chosen as materialized (
        select c.trigger_id, c.number, c.created_at
          from unnest($1::integer[], $2::bigint[], $3::timestamptz[]) c (trigger_id, number, created_at)
      )`;

/** A row `alias` of a table that calls the number of its event `number`. */
const isChosen = (alias: string, number = 'event_id'): string => `
               ${alias}.trigger_id = c.trigger_id
           and ${alias}.${number} = c.number
           and ${alias}.created_at = c.created_at`;

/** Attempts `t` at a chosen event `c`, and not at another one to which its number was issued again. */
const isAttemptAtChosen = (schema: string): string => `
               t.event_id = c.number
           and t.trigger_id = c.trigger_id
           and t.created_at >= c.created_at
           and not exists (
               select from ${schema}.event n
                where n.trigger_id = c.trigger_id
                  and n.id = c.number
                  and n.created_at > c.created_at
                  and n.created_at <= t.created_at)`;

const candidate = (schema: string, table: string, number: string): string => `
          select e.trigger_id, e.${number} as number, e.created_at, e.key, e.key_before
            from ${schema}.${table} e
           where e.trigger_id = any ($1)
             and (e.key = $2 or e.key_before = $2)`;

const erased = (schema: string, table: string): string => `
        delete from ${schema}.${table} r
         using chosen c
         where ${isChosen('r')}
        returning 1`;

/** Forgetting the events of a row. The log is append-only but for this. */
export function erasureStatements(schema: QuotedIdentifier): ErasureStatements {
  return {
    // No index goes by key, which every writer would pay for: it walks the log of each trigger, and locks nothing.
    find: `
      with candidate as materialized (${candidate(schema, 'event', 'id')}
          union${candidate(schema, 'retry', 'event_id')}
          union${candidate(schema, 'dead_letter', 'event_id')}
      ),${streams(schema)}
      select c.trigger_id, c.number::text as number, ${utcText('c.created_at')} as created_at, c.key, c.key_before,
             s.state, t.attempts
        from candidate c${states(schema)}
       order by c.trigger_id, c.number, c.created_at`,
    // The lock that claims take, $2 of them in the order of numbers: no page is on its way from here on.
    lockStreams: `
      select pg_advisory_xact_lock($2::integer, t.id)
        from (select distinct t.id from unnest($1::integer[]) t (id) order by t.id) t`,
    // In the order in which those who record lock them. Who is at one of them keeps it until that is written down.
    lockRetries: `
      with${chosen}
      select r.trigger_id, r.event_id::text as number, r.dispatcher is not null as "inHand"
        from ${schema}.retry r
        join chosen c
          on ${isChosen('r')}
       order by r.trigger_id, r.event_id, r.created_at
         for update of r`,
    // In an open batch, and not recorded yet.
    inHand: `
      with${chosen},
      open as materialized (${openBatches(schema, 'b.trigger_id, b.id, b.claim')}
           and b.trigger_id = any ($1)
      )
      select distinct e.trigger_id, e.id::text as number
        from open b
       cross join lateral ${schema}.batch_events_v1(b.trigger_id, b.id, b.claim) e
        join chosen c
          on ${isChosen('e', 'id')}`,
    // Attempts that keep what was answered for others of their batch, and the time in which those ended.
    keptHeaders: `
      with${chosen}
      select ${utcText('min(c.created_at)')} as "from", ${utcText('max(t.created_at)')} as "to"
        from ${schema}.attempt t
        join chosen c
          on ${isAttemptAtChosen(schema)}
       where t.response_headers is not null
         and t.claim <> ${CLAIM_OF_RETRIES}`,
    // Constants ($4, $5) leave out the days in which there are none; within a day there is no index to go by.
    handHeadersOn: `
      with${chosen},
      kept as materialized (
        select t.event_id, t.claim, t.created_at, t.response_headers
          from ${schema}.attempt t
          join chosen c
            on ${isAttemptAtChosen(schema)}
         where t.response_headers is not null
           and t.claim <> ${CLAIM_OF_RETRIES}
      ),
      handed as (
        update ${schema}.attempt h
           set response_headers = k.response_headers,
               headers_of = null
          from kept k
         where h.headers_of = k.event_id
           and h.claim = k.claim
           and h.response_headers is null
           and h.created_at <= k.created_at
           and h.created_at >= $4::timestamptz
           and h.created_at <= $5::timestamptz
        returning 1
      )
      select count(*)::integer as rows from handed`,
    eraseAttempts: `
      with${chosen},
      erased as (
        delete from ${schema}.attempt t
         using chosen c
         where ${isAttemptAtChosen(schema)}
        returning 1
      )
      select count(*)::integer as rows from erased`,
    // $1: ids as receivers see them
    eraseInbox: `
      with erased as (
        delete from ${schema}.inbox i
         where i.event_id = any ($1)
        returning 1
      )
      select count(*)::integer as rows from erased`,
    eraseCopies: `
      with${chosen},
      retried as (${erased(schema, 'retry')}),
      dead as (${erased(schema, 'dead_letter')}),
      cancelled as (${erased(schema, 'cancellation')})
      select (select count(*) from retried)::integer as retries,
             (select count(*) from dead)::integer as dead,
             (select count(*) from cancelled)::integer as cancellations`,
    eraseEvents: `
      with${chosen},
      erased as (
        delete from ${schema}.event e
         using chosen c
         where ${isChosen('e', 'id')}
        returning e.trigger_id, e.key, e.key_before
      )
      select count(*)::integer as rows from erased`,
    // What waited behind them; $1 triggers and $2 keys.
    advanceKeys: `select ${schema}.advance_keys_v1($1, $2)`,
  };
}
