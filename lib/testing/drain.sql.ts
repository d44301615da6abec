import { applicationEventStatements } from '../pipeline/retry/application-events.sql.js';
import { isOpen } from '../schema/migrations/0004-stream-owner.sql.js';
import type { QuotedIdentifier } from '../schema/identifier.js';

export interface DrainStatements {
  readonly triggers: string;
  readonly inHand: string;
  readonly passDelays: string;
}

export const drainStatements = (schema: QuotedIdentifier): DrainStatements => ({
  triggers: applicationEventStatements(schema).triggers,

  /** In one statement: between two an event could go from a batch to the retries unseen. */
  inHand: `
select t.name,
       (select coalesce(sum(b.size), 0)
          from ${schema}.batch b
         where b.trigger_id = t.id
           and b.size > 0
           and ${isOpen(schema)})::integer as claimed,
       (select count(*)
          from ${schema}.retry r
         where r.trigger_id = t.id)::integer as retries,
       t.delivery_paused_at is not null as paused,
       (select a.error_message
          from ${schema}.attempt a
         where a.trigger_id = t.id
           and a.error_message is not null
         order by a.created_at desc
         limit 1) as problem
  from ${schema}.event_trigger t
 where t.application = $1
 order by t.name`,

  /** Those that wait for earlier ones of their key are due when those are through. */
  passDelays: `
with due as (
  update ${schema}.retry r
     set due = clock_timestamp()
   where r.dispatcher is null
     and r.due < 'infinity'
     and r.trigger_id in (
         select t.id
           from ${schema}.event_trigger t
          where t.application = $1)
  returning r.event_id)
select count(*),
       ${schema}.wake_v1()
  from due`,
});
