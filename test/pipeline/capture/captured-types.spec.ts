import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCapturedDatabase,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

let database: CapturedDatabase;
beforeAll(async () => {
  database = await createCapturedDatabase();
  await database.query(`
    create type mood as enum ('sad', 'ok');
    create type pair as (d date, i interval, b bytea, m money, f float8, j json);
    create domain positive as numeric check (value > 0);
    create domain days as date[];
    create type span as range (subtype = float8)`);
});
afterAll(() => database.drop());

/** What the pinned settings make of the same row, asked for outside of any trigger. */
const PINNED = `set "TimeZone" = 'UTC'; set "DateStyle" = 'ISO, YMD'; set "IntervalStyle" = 'postgres';
  set extra_float_digits = 1; set bytea_output = 'hex'; set lc_monetary = 'C'; set search_path = pg_catalog, pg_temp`;

const ODD_WRITERS = [
  `set "TimeZone" = 'Asia/Kathmandu'; set "DateStyle" = 'German, DMY'`,
  `set "IntervalStyle" = 'iso_8601'; set bytea_output = 'escape'; set extra_float_digits = -15`,
  `set "TimeZone" = '-03:30'; set "DateStyle" = 'SQL, MDY'; set "IntervalStyle" = 'sql_standard'; set lc_monetary = 'C.UTF-8'`,
  `set extra_float_digits = 3; set "DateStyle" = 'Postgres, DMY'; set "IntervalStyle" = 'postgres_verbose'; set xmloption = document`,
];

/** One or two values of every type that people use, as literals of ISO form. */
const VALUES: readonly [type: string, ...values: string[]][] = [
  ['smallint', '-32768'],
  ['integer', '2147483647'],
  ['bigint', '9223372036854775807'],
  ['numeric', '1.50', 'NaN', 'Infinity', '12345678901234567890.123456789'],
  ['numeric(10,4)', '1.5'],
  ['real', '0.1', '1e30'],
  ['double precision', '0.1', 'NaN', '-Infinity', '123456789.123456789'],
  ['money', '12.34'],
  ['boolean', 't'],
  ['text', 'ünïcode "quotes" \\ \u0001 \u2028 \u{1f600}'],
  ['varchar(10)', 'abc'],
  ['char(5)', 'ab'],
  ['name', 'n'],
  ['"char"', 'c'],
  ['bytea', '\\xdeadbeef00'],
  ['date', '2026-02-28', 'infinity', '0044-03-15 BC'],
  ['time', '23:59:59.123456'],
  ['timetz', '23:59:59+05:45'],
  ['timestamp', '2026-02-28 01:02:03.4', 'infinity'],
  ['timestamptz', '2026-02-28 01:02:03.456789+05:45', '-infinity'],
  ['interval', '1 year 2 mons -3 days 04:05:06.7', '-00:00:01'],
  ['uuid', '0189c8b0-0000-7000-8000-000000000000'],
  ['json', '{ "a" : 1.0, "a": "\\u0000" }', 'null', '[1e400]'],
  ['jsonb', '{"b": 1.500, "a": null}'],
  ['jsonpath', '$.a[*]'],
  ['inet', '192.168.0.1/24'],
  ['cidr', '10.0.0.0/8'],
  ['macaddr', '08:00:2b:01:02:03'],
  ['macaddr8', '08:00:2b:01:02:03:04:05'],
  ['bit(3)', '101'],
  ['varbit', '10'],
  ['tsvector', `'a':1 'b'`],
  ['tsquery', `'a' & 'b'`],
  ['point', '(1.5,2)'],
  ['line', '{1,2,3}'],
  ['lseg', '[(0,0),(1,1)]'],
  ['box', '(1,1),(0,0)'],
  ['path', '[(0,0),(1,1)]'],
  ['polygon', '((0,0),(1,1))'],
  ['circle', '<(0,0),0.1>'],
  ['int4range', '[1,5)', 'empty'],
  ['numrange', '(,1.50]'],
  ['daterange', '[2026-01-01,2026-02-01)'],
  ['tstzrange', '[2026-01-01 00:00:00+00,)'],
  ['tsrange', '[2026-01-01 00:00:00,)'],
  ['datemultirange', '{[2026-01-01,2026-02-01)}'],
  ['span', '[0.1,0.25]'],
  ['oid', '4294967295'],
  ['regclass', 'pg_class'],
  ['pg_lsn', '16/B374D848'],
  ['xid8', '123'],
  ['pg_snapshot', '1:2:'],
  ['xml', '<a/>'],
  ['mood', 'ok'],
  ['positive', '1.10'],
  ['days', '{2026-01-01}'],
  ['pair', '(2026-01-01,"1 day 02:00:00","\\\\xff",1.00,0.1,"{""a"":1}")'],
  ['int[]', '{{1,2},{3,NULL}}', '[5:6]={1,2}'],
  ['text[]', '{a,"b c",NULL,"\\""}'],
  ['timestamptz[]', '{"2026-01-01 00:00:00+02"}'],
  ['interval[]', '{"1 day"}'],
  ['bytea[]', '{"\\\\xff"}'],
  ['json[]', '{"{\\"a\\": 1.0}"}'],
  ['pair[]', '{"(2026-01-01,,,,,)"}'],
  ['mood[]', '{ok,sad}'],
  ['float8[]', '{0.1,NaN}'],
];

describe('a stored row is what row_to_json makes of it under the pinned settings, byte for byte', () => {
  it.each(VALUES.map(([type, ...values]) => [type, values] as const))(
    '%s',
    async (type, values) => {
      const table = `of ${type}`;
      await database.query(
        `create table "${table.replaceAll('"', '""')}" (id serial primary key, v ${type})`,
      );
      const name = `"${table.replaceAll('"', '""')}"`;
      await database.reconcile([trigger({ table, insert: {} })]);
      for (const value of values) {
        for (const settings of ODD_WRITERS) {
          const writer = await database.client();
          await writer.query(settings);
          await writer.query(`insert into ${name} (v) values ($1)`, [value]);
          await writer.end();
        }
      }
      const reader = await database.client();
      await reader.query(PINNED);
      const { rows } = await reader.query<{ image: string }>(
        `select row_to_json(r)::text as image from public.${name} r order by id`,
      );
      await reader.end();
      expect(rows).toHaveLength(values.length * ODD_WRITERS.length);
      expect((await database.captured()).map((event) => event.new)).toEqual(
        rows.map(({ image }) => image),
      );
    },
  );
});

describe('a listened column', () => {
  it.each(VALUES.map(([type, first, second]) => [type, first ?? '', second] as const))(
    'of type %s can be compared',
    async (type, first, second) => {
      const table = `listened ${type}`;
      const name = `"${table.replaceAll('"', '""')}"`;
      await database.query(`create table ${name} (id int primary key, v ${type})`);
      await database.reconcile([trigger({ table, update: { columns: ['v'] } })]);
      await database.query(`insert into ${name} values (1, $1)`, [first]);
      await database.query(
        `update ${name} set v = v; update ${name} set v = null; update ${name} set v = v`,
      );
      await database.query(`update ${name} set v = $1`, [first]);
      if (second !== undefined) await database.query(`update ${name} set v = $1`, [second]);
      expect(await database.captured()).toHaveLength(second === undefined ? 2 : 3);
    },
  );

  it('can be of any type that Postgres has', async () => {
    const types = await database.query<{ type: string }>(
      `select format('%I.%I', n.nspname, t.typname) as type
         from pg_type t join pg_namespace n on n.oid = t.typnamespace
         left join pg_type item on item.oid = t.typelem
        where t.typtype in ('b', 'r', 'm', 'e', 'd') and n.nspname = 'pg_catalog'
          and item.typtype is distinct from 'c'
          and t.typname not in ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list',
            'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary', '_cstring', '_record')
        order by 1`,
    );
    const columns = types.map(({ type }, place) => `c${place} ${type}`);
    await database.query(`create table every_type (id int primary key, ${columns.join(', ')})`);
    const listened = columns.map((_, place) => `c${place}`);
    await database.reconcile([trigger({ table: 'every_type', update: { columns: listened } })]);
    const arrays = listened.filter((_, place) => types[place]?.type.includes('._'));
    await database.query('insert into every_type values (1)');
    await database.query(
      `update every_type set ${arrays.map((column) => `${column} = '{}'`).join(', ')}`,
    );
    await database.captured();
    await database.query('update every_type set id = 1');
    expect(types.length).toBeGreaterThan(100);
    expect(await database.captured()).toEqual([]);
  });

  it('counts as unchanged where only the scale of a number differs', async () => {
    await database.query('create table scales (id int primary key, v numeric)');
    await database.reconcile([
      trigger({ name: 'listens', table: 'scales', update: { columns: ['v'] } }),
      trigger({ name: 'any', table: 'scales', update: {} }),
    ]);
    await database.query('insert into scales values (1, 1.0); update scales set v = 1.00');
    expect((await database.captured()).map((event) => event.trigger)).toEqual(['any']);
  });

  it('may be of a type whose operators are not on the search path', async () => {
    await database.query(`create schema x; create type x.mood as enum ('a', 'b');
      create domain x.moods as x.mood[]; create table moods (id int primary key, v x.moods)`);
    await database.reconcile([trigger({ table: 'moods', update: { columns: ['v'] } })]);
    await database.query(
      `insert into moods values (1, '{a}'); update moods set v = '{b}'; update moods set v = '{b}'`,
    );
    expect(await database.captured()).toHaveLength(1);
  });
});
