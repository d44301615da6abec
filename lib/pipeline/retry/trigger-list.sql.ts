import type { QuotedIdentifier } from '../../schema/identifier.js';
import { utcText } from '../capture/utc-text.sql.js';
import { oldestUnclaimed } from './unclaimed-events.sql.js';

/** Up to so many are counted: more would make the list of triggers slow just when it is needed. */
export const MOST_COUNTED = 10_000;

/** One arm for each index that finds them. */
const counted = (schema: QuotedIdentifier, table: string, ...arms: readonly string[]): string => `(
              select count(*)::integer
                from (
                     select
                       from (${arms.map((which) => arm(schema, table, which)).join(' union all ')}) w
                      limit ${MOST_COUNTED}) w)`;

const arm = (schema: QuotedIdentifier, table: string, which: string): string => `
                            (select
                               from ${schema}.${table} w
                              where w.trigger_id = t.id${which}
                              limit ${MOST_COUNTED})`;

/**
 * Retries that are due so: those that wait, and the few that somebody has in hand. Whoever attempts the first one of a key
 * has some of those behind it in hand too.
 */
const retries = (schema: QuotedIdentifier, due: string): string =>
  counted(
    schema,
    'retry',
    ` and w.dispatcher is null and ${due}`,
    ` and w.dispatcher is not null and ${due}`,
  );

/** The triggers of application $1, or the one called $2, with what waits of each. */
export const triggerListStatement = (schema: QuotedIdentifier): string => `
  select t.name, t.definition,
         ${utcText('t.delivery_paused_at')} as delivery_paused_at, t.delivery_pause_reason,
         ${utcText('t.capture_paused_at')} as capture_paused_at, t.capture_pause_reason,
         ${utcText('t.failing_since')} as failing_since,
         ${utcText('t.removed_at')} as removed_at,
         ${retries(schema, `w.due < 'infinity'`)} as retrying,
         ${retries(schema, `w.due = 'infinity'`)} as parked,
         ${counted(schema, 'dead_letter', '')} as dead,
         ${utcText('o.created_at')} as oldest_waiting
    from ${schema}.event_trigger t
    left join lateral (
          ${oldestUnclaimed(schema)}) o on true
   where t.application = $1
     and ($2::text is null or t.name = $2)
   order by t.name`;
