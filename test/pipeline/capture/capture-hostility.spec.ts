import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ALL_ROWS,
  createCapturedDatabase,
  reconcile,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

let database: CapturedDatabase;
beforeEach(async () => {
  database = await createCapturedDatabase();
});
afterEach(() => database.drop());

const wanted = [trigger({ table: 't', ...ALL_ROWS })];

async function watch(ddl: string): Promise<void> {
  await database.query(ddl);
  await database.reconcile(wanted);
}

async function images(): Promise<(string | null)[]> {
  return (await database.captured()).map((event) => event.new ?? event.old);
}

const plain = 'create table t (id int primary key, a text)';

describe('a table that changes under its triggers goes on being written to and captured', () => {
  it.each([
    ['an added column', 'alter table t add column b int default 5', '{"id":1,"a":"x","b":5}', '1'],
    ['a dropped column', 'alter table t drop column a', '{"id":1}', '1'],
    ['a renamed column', 'alter table t rename a to c', '{"id":1,"c":"x"}', '1'],
    ['a retyped column', 'alter table t alter a type varchar(9)', '{"id":1,"a":"x"}', '1'],
    ['a renamed key column', 'alter table t rename id to nr', '{"nr":1,"a":"x"}', '1'],
    ['a dropped key constraint', 'alter table t drop constraint t_pkey', '{"id":1,"a":"x"}', '1'],
  ])('%s', async (_, change, image, key) => {
    await watch(plain);
    const writer = await database.client();
    // A session that has the capture function compiled already.
    await writer.query(`insert into t values (0)`);
    await database.captured();
    await database.query(change);
    const values = change.includes('drop column a') ? '(1)' : `(1, 'x')`;
    await writer.query(`insert into t values ${values}; delete from t`);
    expect(await database.captured()).toContainEqual({
      trigger: 'watch',
      operation: 'INSERT',
      key,
      old: null,
      new: image,
    });
  });

  it('a renamed table, also one in another schema then', async () => {
    await watch(plain);
    await database.query('alter table t rename to u; create schema s; alter table u set schema s');
    await database.query('insert into s.u values (1)');
    expect(await images()).toEqual(['{"id":1,"a":null}']);
  });

  it.each([
    ['a table', plain],
    [
      'a partitioned table',
      `create table t (a text, id int, part int default 0, primary key (part, id)) partition by list (part);
       create table t_part (part int not null, id int not null, a text);
       alter table t attach partition t_part for values in (0)`,
    ],
  ])('a key column dropped with CASCADE, of %s, has no key from then on', async (_, table) => {
    await watch(table);
    // Sessions that have the capture function compiled already.
    const writers = await Promise.all([database.client(), database.client()]);
    for (const [id, writer] of writers.entries()) {
      await writer.query('insert into t (id) values ($1)', [id]);
    }
    expect((await database.captured()).map(({ key }) => key)).not.toContain(null);
    await database.query('alter table t drop column id cascade');
    for (const writer of writers) await writer.query(`update t set a = a || 'y'; delete from t`);
    await writers[0]!.query(`insert into t (a) values ('x')`);
    const events = (await database.captured()).map(({ operation, key }) => [operation, key]);
    expect(events).toEqual([
      ['DELETE', null],
      ['DELETE', null],
      ['INSERT', null],
    ]);
  });

  it.each([
    ['drop column id', /cannot drop column id/],
    ['alter column id type bigint', /cannot alter type of a column used by a function/],
  ])('a key column cannot be changed beneath them: %s', async (change, message) => {
    await watch(plain);
    await expect(database.query(`alter table t ${change}`)).rejects.toThrow(message);
  });

  it('a composite type that is given a field without an equality operator', async () => {
    await database.query(`create type pair as (a int, b text);
      create table t (id int primary key, p pair); insert into t values (1, (1, 'x'))`);
    await database.reconcile([trigger({ table: 't', update: { columns: ['p'] } })]);
    await database.query('alter type pair add attribute j json');
    await database.query(`update t set p = (1, 'x', '{}'); update t set p = p`);
    expect(await database.captured()).toHaveLength(1);
  });
});

describe('a writer', () => {
  it('needs no rights but those on the table', async () => {
    await watch(plain);
    const role = `writer_${database.name.slice(-12)}`;
    await database.query(
      `create role ${role}; grant insert, update, delete, select on t to ${role}`,
    );
    try {
      const writer = await database.client();
      await writer.query(`set role ${role}`);
      await writer.query(`insert into t values (1); update t set a = 'x'; delete from t`);
      expect(await database.captured()).toHaveLength(3);
      await expect(writer.query('select from event_triggers.event')).rejects.toThrow(
        /permission denied/,
      );
      await expect(writer.query('select event_triggers.wake_v1()')).rejects.toThrow(
        /permission denied/,
      );
    } finally {
      await database.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('may have a search path full of look-alikes', async () => {
    await watch(plain);
    await database.query(`create schema evil;
      create function evil.row_to_json(record) returns json language plpgsql as $$ begin return '"evil"'::json; end $$;
      create function evil.row_to_json(public.t) returns json language sql as $$ select '"evil"'::json $$;
      create function evil.current_setting(text, boolean) returns text language sql as $$ select 'evil' $$;
      create function evil.clock_timestamp() returns timestamptz language sql as $$ select 'epoch'::timestamptz $$;
      create function evil.differ(text, text) returns boolean language sql as 'select false';
      create operator evil.= (leftarg = text, rightarg = text, function = evil.differ);
      create function evil.differ(record, record) returns boolean language plpgsql as 'begin return false; end';
      create operator evil.*<> (leftarg = record, rightarg = record, function = evil.differ);
      create domain evil.text as int;
      create table evil.event (trigger_id int)`);
    const writer = await database.client();
    await writer.query(
      'create temporary table event (trigger_id int); create temporary table t2 (a int)',
    );
    await writer.query('set search_path = evil, public, pg_temp, pg_catalog');
    await writer.query(`insert into public.t values (1, 'x'); update public.t set a = 'y'`);
    expect(await database.captured()).toMatchObject([
      { key: '1', new: '{"id":1,"a":"x"}' },
      { key: '1', new: '{"id":1,"a":"y"}' },
    ]);
  });

  it('may attach with a search path full of look-alikes', async () => {
    await database.query(plain);
    await database.query(`create schema evil;
      create function evil.differ(text, text) returns boolean language sql as 'select true';
      create operator evil.= (leftarg = text, rightarg = text, function = evil.differ);
      create function evil.format(text, variadic text[]) returns text language sql as $$ select 'evil' $$`);
    const connection = await database.client();
    await connection.query('set search_path = evil, pg_catalog, public');
    await reconcile(connection, [
      trigger({ table: 't', update: { columns: ['a'], when: `new.a = 'y'` } }),
    ]);
    await database.query(
      `insert into t values (1, 'x'); update t set a = 'y'; update t set a = 'z'`,
    );
    expect(await images()).toEqual(['{"id":1,"a":"y"}']);
  });

  it.each([
    ['no json', `set event_triggers.session_variables = 'not json'; set "hasura.user" = '{{'`],
    ['nothing', `set event_triggers.session_variables = ''; set "hasura.user" = ''`],
    ['a lot', `select set_config('event_triggers.session_variables', repeat('x', 1000000), false)`],
  ])('may say %s about itself', async (_, setting) => {
    await watch(`create schema hdb_catalog; ${plain}`);
    const writer = await database.client();
    await writer.query(setting);
    await writer.query('insert into t values (1)');
    expect(await database.captured()).toHaveLength(1);
  });

  it('may have any setting of its own', async () => {
    await watch(plain);
    const writer = await database.client();
    await writer.query(`set standard_conforming_strings = off; set plpgsql.variable_conflict = error;
      set plpgsql.extra_errors = 'all'; set transform_null_equals = on; set row_security = off;
      set default_transaction_isolation = serializable; set plan_cache_mode = force_custom_plan;
      set check_function_bodies = off; set enable_partition_pruning = off; set quote_all_identifiers = on`);
    await writer.query(`insert into t values (1, 'x'); update t set a = null; delete from t`);
    expect(await database.captured()).toHaveLength(3);
  });
});

describe('a row', () => {
  it('may hold what jsonb refuses', async () => {
    await watch('create table t (id int primary key, j json)');
    await database.query(
      String.raw`insert into t values (1, '{"a":"\u0000", "b": 1.500, "b": 1e400}')`,
    );
    expect(await images()).toEqual([
      String.raw`{"id":1,"j":{"a":"\u0000", "b": 1.500, "b": 1e400}}`,
    ]);
  });

  it('may be large', async () => {
    await watch(plain);
    await database.query(`insert into t values (1, repeat('x', 3000000)); update t set id = 2`);
    expect((await images()).map((image) => image?.length)).toEqual([3_000_015, 3_000_015]);
  });
});

describe('names', () => {
  it.each([
    ['e'],
    ['r'],
    ['new'],
    ['old'],
    ['key'],
    ['id'],
    ['t'],
    ['trigger_id'],
    ['tg_op'],
    ['operation'],
  ])('a column may be called %s, and be the key', async (column) => {
    await database.query(`create table t ("${column}" int primary key, other int)`);
    await database.reconcile([
      trigger({
        table: 't',
        insert: {},
        delete: {},
        update: { columns: [column, 'other'], when: `new."${column}" > 0` },
      }),
    ]);
    await database.query(
      `insert into t values (1); update t set other = 2; update t set "${column}" = 3; delete from t`,
    );
    expect((await database.captured()).map(({ operation, key }) => operation + key)).toEqual([
      'INSERT1',
      'UPDATE1',
      'UPDATE3',
      'DELETE3',
    ]);
  });

  it.each([
    ['Orders', 'Id', 'Public'],
    ['my.table', 'a.b', 'x.y'],
    ['it\'s "quoted"', 'say "hi" \\ \'there\'', '$$;drop table x;--'],
    ['Ωμέγα', 'größe %s %1$I', '日本'],
    ['select', 'from', 'user'],
    ['ö'.repeat(31), 'ß'.repeat(31), 'ü'.repeat(31)],
  ])('a table may be called %j', async (table, column, schema) => {
    const [t, c, s] = [table, column, schema].map((name) => `"${name.replaceAll('"', '""')}"`);
    await database.query(
      `create schema ${s}; create table ${s}.${t} (${c} text primary key, n int)`,
    );
    await database.reconcile([
      trigger({
        schema,
        table,
        ...ALL_ROWS,
        update: { columns: [column, 'n'], when: `new.${c} <> ''` },
      }),
    ]);
    await database.query(`insert into ${s}.${t} values ('x'); update ${s}.${t} set n = 1`);
    const [, updated] = await database.captured();
    expect(updated?.key).toBe('x');
    expect(JSON.parse(updated?.new ?? '')).toEqual({ [column]: 'x', n: 1 });
    expect(await database.reconcile([])).toMatchObject({ removed: ['watch'] });
  });

  it('a schema of this package may have any name', async () => {
    const schema = `Mine's "own" %s`;
    const { SchemaMigrator } = await import('../../../lib/schema/schema-migrator.js');
    const connection = await database.client();
    await new SchemaMigrator(schema).migrate(connection);
    await database.query(plain);
    await reconcile(connection, wanted, {}, schema);
    await database.query(`insert into t values (1)`);
    expect(await database.query(`select key from "Mine's ""own"" %s".event`)).toEqual([
      { key: '1' },
    ]);
    expect(await reconcile(connection, wanted, {}, schema)).toMatchObject({ attached: [] });
  });
});
