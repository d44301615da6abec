import type { QuotedIdentifier } from '../../schema/identifier.js';

/** What to lock for switching the capture of trigger $1 of application $2; no row where there is none. */
export const selectCapture = (schema: QuotedIdentifier): string => `
select t.id,
       floor(extract(epoch from t.capture_paused_at) * 1000)::float8 as "pausedAt",
       coalesce((
         select json_agg(json_build_object('name', a.name, 'relations', json_build_array(a.relation), 'exclusive', false) order by a.relation)
           from (select distinct a.relation::regclass::text as name, a.relation::int8
                   from ${schema}.attached_v1(t.id) a) a), '[]')::text as tables
  from ${schema}.event_trigger t
 where t.name = $1
   and t.application = $2
   and t.removed_at is null`;

/** Switches the capture of trigger $1 on or off ($2, because of $3), when the tables are locked. Rounded so that a gap is never too short. */
export const switchCapture = (schema: QuotedIdentifier): string => `
select (case when $2 then ceil(s.milliseconds) else floor(s.milliseconds) end)::float8 as "switchedAt"
  from (select extract(epoch from switched_at) * 1000 as milliseconds
          from ${schema}.switch_capture_v1($1, $2, $3) switched_at) s`;

/** Triggers of application $1 whose changes are not captured. */
export const selectCapturePauses = (schema: QuotedIdentifier): string => `
select t.name, floor(extract(epoch from t.capture_paused_at) * 1000)::float8 as "pausedAt",
       t.capture_pause_reason as reason
  from ${schema}.event_trigger t
 where t.application = $1
   and t.capture_paused_at is not null
   and t.removed_at is null
 order by t.name`;
