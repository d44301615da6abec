import { quoteLiteral } from '../../../lib/schema/identifier.js';
import type { Migration } from '../../../lib/schema/migration.js';
import { MIGRATIONS } from '../../../lib/schema/migrations.js';

/** All that an older build reads or writes row by row. */
const TABLES = [
  'event_trigger',
  'event',
  'tick',
  'batch',
  'batch_done',
  'dispatcher',
  'attempt',
  'retry',
  'dead_letter',
];

/**
 * A step as the next release may bring it: more columns in every table, and new versions of all functions
 * beside the old ones.
 */
export const nextRelease = (more: Partial<Migration> = {}): Migration => ({
  version: MIGRATIONS.at(-1)!.version + 1,
  name: 'next-release',
  oldestReader: 1,
  sql: ({ schema }) => `
do $$
declare
  f regprocedure;
begin
  -- Dispatchers lock these tables in more than one order. Whoever waits with nothing in hand waits in no circle.
  loop
    begin
      lock table ${TABLES.map((table) => `${schema}.${table}`).join(', ')} in access exclusive mode nowait;
      exit;
    exception when lock_not_available then
      perform pg_sleep(0.005);
    end;
  end loop;
${TABLES.map((table) => `  alter table ${schema}.${table} add column added_later text not null default 'later';`).join('\n')}
  -- They call each other.
  set local check_function_bodies = off;
  for f in
    select p.oid
      from pg_proc p
     where p.pronamespace = ${quoteLiteral(schema)}::regnamespace
       and p.proname like '%\\_v1'
  loop
    execute replace(pg_get_functiondef(f), '_v1', '_v2');
  end loop;
end $$;`,
  ...more,
});

/** A statement of this build as the next release says it. */
export const asNextRelease = (statement: string): string => statement.replaceAll('_v1(', '_v2(');
