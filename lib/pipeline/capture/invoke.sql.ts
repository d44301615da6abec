import type { QuotedIdentifier } from '../../schema/identifier.js';
import { utcText } from './utc-text.sql.js';

/** One row if the trigger exists; without a number if it may not be invoked. */
export interface InvokedRow {
  installation: string;
  number: string | null;
  created_at: string | null;
}

/** An event without a row change, in the transaction of whoever runs this. */
export function invokeStatement(schema: QuotedIdentifier): string {
  return `
    with wanted as (
      select t.id, coalesce((t.definition ->> 'manual')::boolean, false) as manual
        from ${schema}.event_trigger t
       where t.name = $1
         and t.application = $2
         and t.removed_at is null
    ),
    invoked as (
      insert into ${schema}.event (trigger_id, operation, new)
      select w.id, 'MANUAL', $3::json
        from wanted w
       where w.manual
      returning id, created_at
    )
    select i.id::text as installation,
           e.id::text as number,
           ${utcText('e.created_at')} as created_at
      from ${schema}.installation i
     cross join wanted w
      left join invoked e on true`;
}
