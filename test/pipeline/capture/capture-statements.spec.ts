import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCapturedDatabase,
  trigger,
  type CapturedDatabase,
  type TriggerOf,
} from '../support/captured-database.js';

let database: CapturedDatabase;
beforeAll(async () => {
  database = await createCapturedDatabase();
  await database.query(`
    create table orders (id bigint primary key, status text, total numeric, extra json, tags json[]);
    create table lines ("Order" bigint, line int, note text, primary key (line, "Order"));
    create table notes (note text)`);
});
afterAll(() => database.drop());

/** The statements of definition number 7, by kind. */
async function statements(definition: TriggerOf, kind: string): Promise<string[]> {
  const { name, ...content } = trigger(definition);
  const rows = await database.query<{ statement: string }>(
    'select statement from event_triggers.capture_statements_v1(7, $1, $2) where kind = $3',
    [name, JSON.stringify(content), kind],
  );
  return rows.map(({ statement }) => statement);
}

describe('the statements of a definition', () => {
  it('make a function that inserts one row and does nothing else', async () => {
    const [key, noKey, insert] = await statements({ table: 'orders', insert: {} }, 'function');
    expect(key)
      .toBe(`create or replace function "event_triggers".key_of_7(r public.orders, preferred text) returns text
  language sql
  stable
  parallel safe
begin atomic
  select (r).id::pg_catalog.text;
end`);
    expect(noKey)
      .toBe(`create or replace function "event_triggers".key_of_7(r anyelement, otherwise integer) returns text
  language sql
  immutable
  parallel safe
as 'select null::pg_catalog.text'`);
    expect(insert)
      .toBe(`create or replace function "event_triggers".capture_7_insert() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as '
#variable_conflict use_column
begin
  insert into "event_triggers".event (trigger_id, operation, key, old, new, session, trace)
  values (7, ''INSERT'', "event_triggers".key_of_7(new, ''0''), null, pg_catalog.row_to_json(new), pg_catalog.current_setting(''event_triggers.session_variables'', true), pg_catalog.current_setting(''event_triggers.traceparent'', true));
  if pg_catalog.pg_sequence_last_value(''"event_triggers".awake_until''::pg_catalog.regclass)
     < pg_catalog.date_part(''epoch'', pg_catalog.clock_timestamp())
  then
    perform "event_triggers".wake_v1();
  end if;
  return null;
end '`);
  });

  it('put conditions into the trigger', async () => {
    const definition = {
      table: 'orders',
      insert: { when: 'new.total > 100 -- large' },
      update: { columns: ['status', 'extra', 'tags'], when: 'new.total > old.total' },
      delete: {},
      truncate: true,
    };
    expect(await statements(definition, 'trigger')).toEqual([
      `create or replace trigger "!event_triggers:watch:insert"
  after insert on public.orders
  for each row
  when ((new.total > 100 -- large
))
  execute function "event_triggers".capture_7_insert()`,
      `create or replace trigger "!event_triggers:watch:update"
  after update on public.orders
  for each row
  when ((old.status is distinct from new.status
   or old.extra::pg_catalog.text is distinct from new.extra::pg_catalog.text
   or old.tags::pg_catalog.text is distinct from new.tags::pg_catalog.text)
  and (new.total > old.total
))
  execute function "event_triggers".capture_7_update()`,
      `create or replace trigger "!event_triggers:watch:delete"
  after delete on public.orders
  for each row
  execute function "event_triggers".capture_7_delete()`,
      `create or replace trigger "!event_triggers:watch:truncate"
  after truncate on public.orders
  for each statement
  execute function "event_triggers".capture_7_truncate()`,
    ]);
  });

  it.each([
    ['id int primary key, a text, b uuid[], c json, d date, e timestamp, f numeric', []],
    ['id timestamp primary key', ['"DateStyle"']],
    ['id int primary key, a timestamptz[]', ['"TimeZone"']],
    ['id int, a float4, b interval', ['"IntervalStyle"', 'extra_float_digits']],
    ['id int, a bytea, b money', ['bytea_output', 'lc_monetary']],
  ])('pin the settings that the types ask for: %s', async (columns, settings) => {
    await database.query(`drop table if exists typed; create table typed (${columns})`);
    const insert = (await statements({ table: 'typed', insert: {} }, 'function')).at(-1)!;
    expect(Array.from(insert.matchAll(/^ {2}set (\S+)/gm), ([, setting]) => setting)).toEqual([
      'search_path',
      ...settings,
    ]);
  });

  it.each(['pair', 'int4range', 'tsvector', 'within[]'])(
    'pin all of them for what may hold anything: %s',
    async (type) => {
      await database.query(`drop table if exists typed; drop type if exists pair cascade;
        create type pair as (a int); create domain within as pair; create table typed (a ${type})`);
      const [insert] = await statements({ table: 'typed', insert: {} }, 'function');
      expect(insert!.match(/^ {2}set /gm)).toHaveLength(7);
    },
  );

  it('name every column of a key in its order', async () => {
    const [key] = await statements({ table: 'lines', insert: {} }, 'function');
    expect(key).toContain(
      'select pg_catalog.json_build_array((r).line::pg_catalog.text, (r)."Order"::pg_catalog.text)::pg_catalog.text;',
    );
  });

  it('need no condition at all on a table without a key', async () => {
    expect(await statements({ table: 'notes', insert: {}, update: {} }, 'trigger')).toEqual([
      `create or replace trigger "!event_triggers:watch:insert"
  after insert on public.notes
  for each row
  execute function "event_triggers".capture_7_insert()`,
      `create or replace trigger "!event_triggers:watch:update"
  after update on public.notes
  for each row
  when ((old.* operator(pg_catalog.*<>) new.*))
  execute function "event_triggers".capture_7_update()`,
    ]);
  });

  it('leave the comparison out where an unchanged row counts', async () => {
    const [update] = await statements({ table: 'notes', update: { unchanged: true } }, 'trigger');
    expect(update).not.toContain('when');
  });

  it('enable a trigger for replicated rows only where that is asked for', async () => {
    expect(await statements({ table: 'notes', insert: {} }, 'setting')).toEqual([]);
    expect(await statements({ table: 'notes', insert: {}, replication: true }, 'setting')).toEqual([
      'alter table public.notes enable always trigger "!event_triggers:watch:insert"',
    ]);
  });

  it('are the same whatever the session is set to', async () => {
    const connection = await database.client();
    const { name, ...content } = trigger({ table: 'orders', update: { columns: ['status'] } });
    const select = 'select * from event_triggers.capture_statements_v1(7, $1, $2)';
    const values = [name, JSON.stringify(content)];
    const before = (await connection.query(select, values)).rows;
    await connection.query('set quote_all_identifiers = on; set search_path = event_triggers');
    expect((await connection.query(select, values)).rows).toEqual(before);
  });
});

describe('the name of a capture trigger', () => {
  it('fits Postgres and stays unique, however long the name of the definition is', async () => {
    const long = 'a'.repeat(62);
    const rows = await database.query<{ name: string; bytes: number }>(
      `select c.name, octet_length(c.name) as bytes
         from unnest(array[$1 || 'b', $1 || 'c']) n, unnest(array['insert', 'truncate']) o,
              event_triggers.capture_name_v1(n, o) c (name)`,
      [long],
    );
    expect(new Set(rows.map(({ name }) => name)).size).toBe(4);
    for (const { name, bytes } of rows) {
      expect(bytes).toBeLessThanOrEqual(63);
      expect(name).toMatch(/^!event_triggers:a{20}~/);
    }
  });
});
