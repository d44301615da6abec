import type { QuotedIdentifier } from '../../schema/identifier.js';

/** Rows of an application ($1) and rows with one of these names ($2), with whether they are still as attached. */
export const selectTriggers = (schema: QuotedIdentifier): string => `
select t.id, t.name, t.application, t.definition::text as definition, t.installed,
       t.removed_at is not null as removed,
       t.installed_state is not distinct from ${schema}.capture_state_v1(t.id) as intact
  from ${schema}.event_trigger t
 where t.application = $1
    or t.name = any ($2)
 order by t.id`;

/** A definition's row: name ($1), application ($2), definition ($3). */
export const insertTrigger = (schema: QuotedIdentifier): string => `
insert into ${schema}.event_trigger (name, application, definition)
values ($1, $2, $3)
returning id`;

/** The same for the row $4, which comes back to life if it was removed. */
export const updateTrigger = (schema: QuotedIdentifier): string => `
update ${schema}.event_trigger
   set name = $1,
       application = $2,
       definition = $3,
       removed_at = null,
       revision = default,
       updated_at = clock_timestamp()
 where id = $4`;

/** Keeps the row ($1) and its stream: what waits in it is still delivered. */
export const markRemoved = (schema: QuotedIdentifier): string => `
update ${schema}.event_trigger
   set removed_at = clock_timestamp(),
       revision = default,
       updated_at = clock_timestamp()
 where id = $1`;
