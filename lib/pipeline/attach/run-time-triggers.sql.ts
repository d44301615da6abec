import type { QuotedIdentifier } from '../../schema/identifier.js';

/** The columns of table $3 of schema $2, which is to be watched by trigger $1, with what a condition has to know. */
export const selectColumns = (schema: QuotedIdentifier): string => `
select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type,
       ${schema}.is_comparable_v1(a.atttypid) as "isComparable"
  from pg_catalog.pg_attribute a
 where a.attrelid = ${schema}.capture_target_v1($1, $2, $3)
   and a.attnum > 0
   and not a.attisdropped
 order by a.attnum`;
