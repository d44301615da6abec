import type { QuotedIdentifier } from '../../schema/identifier.js';

/** Rows of an application ($1) and rows with one of these names ($2), with whether they are still as attached, and defined by a release that runs. */
export const selectTriggers = (schema: QuotedIdentifier): string => `
select t.id, t.name, t.application, t.definition::text as definition, t.installed,
       t.removed_at is not null as removed,
       ${schema}.is_intact_v1(t.id) as intact,
       ${schema}.is_declared_v1(t.name) as "isDeclared"
  from ${schema}.event_trigger t
 where t.application = $1
    or t.name = any ($2)
 order by t.id`;

/** A definition's row: name ($1), application ($2), definition ($3). */
export const insertTrigger = (schema: QuotedIdentifier): string => `
insert into ${schema}.event_trigger (name, application, definition)
values ($1, $2, $3)
returning id`;

/** The same for the row $4, which comes back to life if it was removed, with what was kept of it. */
export const updateTrigger = (schema: QuotedIdentifier): string => `
update ${schema}.event_trigger
   set name = $1,
       application = $2,
       definition = $3,
       removed_at = null,
       delivery_paused_at = case when delivery_pause_reason = 'removed' then null else delivery_paused_at end,
       delivery_pause_reason = nullif(delivery_pause_reason, 'removed'),
       revision = default,
       updated_at = clock_timestamp()
 where id = $4`;

/** Keeps the row ($1) and its stream: what waits in it is still delivered ($2), or kept without being delivered. */
export const markRemoved = (schema: QuotedIdentifier): string => `
update ${schema}.event_trigger
   set removed_at = clock_timestamp(),
       delivery_paused_at =
         case when $2 then delivery_paused_at
         else coalesce(delivery_paused_at, clock_timestamp()) end,
       delivery_pause_reason =
         case when $2 then delivery_pause_reason
         else coalesce(delivery_pause_reason, 'removed') end,
       revision = default,
       updated_at = clock_timestamp()
 where id = $1`;

/** Cuts the log, so that the next statement sees all that a trigger that is off by now has captured. */
export const cutLog = (schema: QuotedIdentifier): string => `select ${schema}.tick_v1()`;

/** How many events of the trigger $1 wait; with $2 they are given up. */
export const countWaiting = (schema: QuotedIdentifier): string => `
select p.waiting::integer
  from ${schema}.purge_v1($1, case when $2 then 9223372036854775807 end) p`;

/**
 * What stands otherwise than it should of application $1, whose own release defines $2: triggers that are not in force
 * as they were put there, and those that no running release defines any more.
 */
export const selectDrift = (schema: QuotedIdentifier): string => `
select t.name, t.name <> all ($2) and t.definition ->> 'made' is null as "isOrphaned"
  from ${schema}.event_trigger t
 where t.application = $1
   and t.removed_at is null
   and t.installed is not null
   and (not ${schema}.is_intact_v1(t.id)
     or (t.name <> all ($2) and t.definition ->> 'made' is null and not ${schema}.is_declared_v1(t.name)))
 order by t.name`;
