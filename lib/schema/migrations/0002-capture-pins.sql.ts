import type { MigrationContext } from '../migration.js';

/** Types whose JSON and text are the same under any setting. */
const PLAIN = [
  'bool',
  'int2',
  'int4',
  'int8',
  'oid',
  'numeric',
  'text',
  'varchar',
  'bpchar',
  'name',
  'uuid',
  'json',
  'jsonb',
  'time',
  'inet',
  'cidr',
  'macaddr',
  'bit',
  'varbit',
];

/** Their JSON is ISO under any setting; their text, which a key is made of, is not. */
const DATES = ['date', 'timestamp', 'timestamptz'];

interface Pin {
  readonly setting: string;
  readonly types: readonly string[];
  readonly keyTypes?: readonly string[];
}

/** Settings, with the types whose JSON or whose text in a key they change. */
const PINS: readonly Pin[] = [
  { setting: `"TimeZone" = 'UTC'`, types: ['timestamptz'] },
  { setting: `"DateStyle" = 'ISO, YMD'`, types: [], keyTypes: DATES },
  { setting: `"IntervalStyle" = 'postgres'`, types: ['interval'] },
  { setting: 'extra_float_digits = 1', types: ['float4', 'float8'] },
  { setting: `bytea_output = 'hex'`, types: ['bytea'] },
  { setting: `lc_monetary = 'C'`, types: ['money'] },
];

const KNOWN = [...PLAIN, ...DATES, ...PINS.flatMap(({ types }) => types)];

const typeList = (types: readonly string[]): string => `'{${types.join(', ')}}'::regtype[]`;

const pin = ({ setting, types, keyTypes = [] }: Pin, place: number): string =>
  `(${place}, $pin$set ${setting}$pin$, ${typeList(types)}, ${typeList(keyTypes)})`;

/**
 * What a capture function pins, so that the same row gives the same bytes whoever writes it.
 *
 * Each pin costs the writer about one percent of its rate, so only those are there that the types of the
 * table's columns ask for; a type that is not known here asks for all. A column that comes later gets its
 * pins with the next attach.
 */
export const capturePins = ({ schema }: MigrationContext): string => `
-- key_columns: what the key is made of; null for the primary key
create function ${schema}.pins_v1(target oid, key_columns text[])
  returns text
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  with recursive part (type, in_key) as (
    select a.atttypid,
           case when key_columns is null then a.attnum = any (i.indkey::int2[]) else a.attname = any (key_columns) end
      from pg_attribute a
      left join pg_index i
        on i.indrelid = a.attrelid
       and i.indisprimary
     where a.attrelid = target
       and a.attnum > 0
       and not a.attisdropped
     union
    select case t.typtype when 'd' then t.typbasetype else t.typelem end, p.in_key
      from part p
      join pg_type t
        on t.oid = p.type
     where t.typtype = 'd'
        or t.typsubscript = 'array_subscript_handler'::regproc
  ),
  leaf as (
    select t.oid as type, p.in_key, t.typtype = 'e' or t.oid = any (${typeList(KNOWN)}) as known
      from part p
      join pg_type t
        on t.oid = p.type
     where t.typtype <> 'd'
       and t.typsubscript <> 'array_subscript_handler'::regproc
  )
  select coalesce(string_agg(e'\\n  ' || s.clause, '' order by s.place), '')
    from (values
           ${PINS.map(pin).join(',\n           ')}) s (place, clause, types, key_types)
   where exists (
         select from leaf l
          where not l.known
             or l.type = any (s.types)
             or (l.in_key and l.type = any (s.key_types)));
$$;
`;
