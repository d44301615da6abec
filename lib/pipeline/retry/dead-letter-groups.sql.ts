import { utcText } from '../capture/utc-text.sql.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';

/** More would make the list slow just when it is needed. */
const MOST_GROUPED = 10_000;

/** Dead letters of application $1 that are alike, those that there are most of first: of 10,000 of each trigger. */
export const deadLetterGroupsStatement = (schema: QuotedIdentifier): string => `
  select t.name as trigger, d.reason, d.error_code, max(d.error_message) as error_message,
         count(*)::integer as count, ${utcText('min(d.died_at)')} as oldest, ${utcText('max(d.died_at)')} as newest,
         bool_or(d.counted > ${MOST_GROUPED}) as is_cut
    from ${schema}.event_trigger t
   cross join lateral (
         -- along the primary key
         select l.reason, l.error_code, l.error_message, l.died_at, row_number() over () as counted
           from ${schema}.dead_letter l
          where l.trigger_id = t.id
          limit ${MOST_GROUPED + 1}) d
   where t.application = $1
   group by t.name, d.reason, d.error_code
   order by count(*) desc, t.name, d.reason, d.error_code`;
