import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ALL_ROWS,
  createCapturedDatabase,
  trigger,
  type CapturedDatabase,
  type TriggerOf,
} from '../support/captured-database.js';
import { copyIn } from '../support/copy-in.js';

let database: CapturedDatabase;
beforeEach(async () => {
  database = await createCapturedDatabase();
});
afterEach(() => database.drop());

async function watch(
  ddl: string,
  definition: Omit<TriggerOf, 'table'> & { table?: string } = ALL_ROWS,
) {
  await database.query(ddl);
  await database.reconcile([trigger({ table: 't', ...definition })]);
}

/** What the statements captured, each as `OPERATION key`. */
async function capturedBy(...statements: string[]): Promise<string[]> {
  for (const statement of statements) await database.query(statement);
  return (await database.captured()).map(({ operation, key }) => `${operation} ${key}`);
}

const plain = 'create table t (id int primary key, a text, b int)';

describe('a change', () => {
  it('is captured with its row before and after', async () => {
    await watch(plain);
    await database.query(`insert into t values (1, 'x', 2); update t set a = 'y'; delete from t`);
    const [before, after] = ['{"id":1,"a":"x","b":2}', '{"id":1,"a":"y","b":2}'];
    expect(await database.captured()).toEqual([
      { trigger: 'watch', operation: 'INSERT', key: '1', old: null, new: before },
      { trigger: 'watch', operation: 'UPDATE', key: '1', old: before, new: after },
      { trigger: 'watch', operation: 'DELETE', key: '1', old: after, new: null },
    ]);
  });

  it('keeps its transaction, its time and what the writer said about itself', async () => {
    await watch(plain);
    const writer = await database.client();
    await writer.query('begin');
    await writer.query(`set local event_triggers.session_variables = '{"x-hasura-user-id":"7"}'`);
    await writer.query(`set local event_triggers.traceparent = '00-a-b-01'`);
    await writer.query('insert into t values (1)');
    const { rows } = await writer.query(
      `select session, trace, xid = pg_current_xact_id() as own, created_at > now() as after_begin from event_triggers.event`,
    );
    await writer.query('rollback');
    expect(rows).toEqual([
      { session: '{"x-hasura-user-id":"7"}', trace: '00-a-b-01', own: true, after_begin: true },
    ]);
  });

  it('keeps what Hasura sets where nothing of ours is set, in a database of Hasura', async () => {
    await watch(`create schema hdb_catalog; ${plain}`);
    const writer = await database.client();
    await writer.query('begin');
    await writer.query(
      `set local "hasura.user" = '{"a":1}'; set local hasura.tracecontext = '{"b":2}'`,
    );
    await writer.query(`set local event_triggers.traceparent = ''`);
    await writer.query('insert into t values (1)');
    await writer.query('commit');
    expect(await database.query('select session, trace from event_triggers.event')).toEqual([
      { session: '{"a":1}', trace: '{"b":2}' },
    ]);
  });

  it('is gone with its transaction or savepoint', async () => {
    await watch(plain);
    const captured = await capturedBy(
      'begin; insert into t values (1); rollback',
      'begin; insert into t values (2); savepoint s; insert into t values (3); rollback to s; insert into t values (4); commit',
    );
    expect(captured).toEqual(['INSERT 2', 'INSERT 4']);
  });

  it('is captured once for every trigger of its table', async () => {
    await database.query(plain);
    await database.reconcile([
      trigger({ name: 'a', table: 't', insert: {} }),
      trigger({ name: 'b', table: 't', insert: { when: 'new.b > 0' } }),
    ]);
    await database.query('insert into t values (1, null, 1), (2, null, 0)');
    const captured = (await database.captured()).map(({ trigger: name, key }) => name + key);
    expect(captured.toSorted()).toEqual(['a1', 'a2', 'b1']);
  });

  it('opens no subtransaction, which would take a transaction id for each row', async () => {
    await watch(plain);
    await database.query('insert into t select generate_series(1, 100)');
    const rows = await database.query(
      `select count(*)::int as events,
              bool_and(e.xmin::text::int8 = mod(e.xid::text::int8, ${2 ** 32})) as "writtenByTopLevel"
         from event_triggers.event e
        group by e.xid`,
    );
    expect(rows).toEqual([{ events: 100, writtenByTopLevel: true }]);
  });
});

describe('every way to write is captured', () => {
  it('COPY', async () => {
    await watch(plain);
    await copyIn(await database.client(), 'copy t (id) from stdin', ['1', '2']);
    expect(await capturedBy()).toEqual(['INSERT 1', 'INSERT 2']);
  });

  it('an upsert, as what it came to', async () => {
    await watch(plain);
    const upsert = `insert into t values (1, 'x') on conflict (id) do update set a = t.a || 'y'`;
    const ignored = `insert into t values (1) on conflict do nothing`;
    expect(await capturedBy(upsert, upsert, ignored)).toEqual(['INSERT 1', 'UPDATE 1']);
  });

  it('MERGE', async () => {
    await watch(plain);
    await capturedBy(`insert into t values (1, 'x'), (2, 'x')`);
    const merge = `merge into t using (values (1), (2), (3)) s (id) on t.id = s.id
      when matched and s.id = 1 then update set a = 'y' when matched then delete
      when not matched then insert values (s.id)`;
    expect((await capturedBy(merge)).toSorted()).toEqual(['DELETE 2', 'INSERT 3', 'UPDATE 1']);
  });

  it('a cascade of a foreign key', async () => {
    await watch(`create table parent (id int primary key);
      create table t (id int primary key, parent int references parent on delete cascade on update cascade)`);
    const captured = await capturedBy(
      'insert into parent values (1); insert into t values (5, 1)',
      'update parent set id = 2',
      'delete from parent',
    );
    expect(captured).toEqual(['INSERT 5', 'UPDATE 5', 'DELETE 5']);
  });

  it('TRUNCATE, where it is asked for', async () => {
    await watch(plain, { truncate: true });
    expect(await capturedBy('insert into t values (1)', 'truncate t')).toEqual(['TRUNCATE null']);
  });

  it.each(['repeatable read', 'serializable'])('a transaction that is %s', async (level) => {
    await watch(plain);
    const captured = await capturedBy(
      `begin isolation level ${level}; select * from t; insert into t values (1); update t set a = 'x'; commit`,
    );
    expect(captured).toEqual(['INSERT 1', 'UPDATE 1']);
  });

  it('a row whose constraints are deferred, unless they fail at commit', async () => {
    await watch(`create table parent (id int primary key);
      create table t (id int primary key, parent int references parent deferrable initially deferred)`);
    await database.query(
      'begin; insert into t values (1, 9); insert into parent values (9); commit',
    );
    await expect(database.query('begin; insert into t values (2, 8); commit')).rejects.toThrow(
      /foreign key/,
    );
    expect(await capturedBy()).toEqual(['INSERT 1']);
  });

  it('an unlogged table', async () => {
    await watch('create unlogged table t (id int primary key)');
    expect(await capturedBy('insert into t values (1)')).toEqual(['INSERT 1']);
  });

  it('a function of a read-write routine that runs with its own settings', async () => {
    await watch(`${plain}; create function f() returns void language sql
      set search_path = '' set "TimeZone" = 'Asia/Tokyo' as 'insert into public.t values (1)'`);
    expect(await capturedBy('select f()')).toEqual(['INSERT 1']);
  });
});

describe('what logical replication writes', () => {
  it.each([
    [true, ['INSERT 1']],
    [false, []],
  ])('is captured where replication is %j: %j', async (replication, expected) => {
    await watch(plain, { insert: {}, replication });
    const subscriber = await database.client();
    await subscriber.query('set session_replication_role = replica; insert into t values (1)');
    expect(await capturedBy()).toEqual(expected);
  });
});

describe('the key', () => {
  it('is the text of one column, a json list of several, and null without any', async () => {
    await database.query(`create table one (k uuid primary key); create table none (a int);
      create table two (b timestamptz, a text, c int, primary key (a, b))`);
    await database.reconcile(
      ['one', 'two', 'none'].map((table) => trigger({ name: table, table, insert: {} })),
    );
    await database.query(`insert into one values ('00000000-0000-0000-0000-00000000000A');
      insert into two values ('2026-01-02 03:04:05+01', 'q"', 1); insert into none values (1)`);
    expect((await database.captured()).map(({ key }) => key)).toEqual([
      '00000000-0000-0000-0000-00000000000a',
      '["q\\"", "2026-01-02 02:04:05+00"]',
      null,
    ]);
  });

  it('is the new one where an update changes it', async () => {
    await watch(plain);
    expect(await capturedBy('insert into t values (1)', 'update t set id = 2')).toEqual([
      'INSERT 1',
      'UPDATE 2',
    ]);
  });
});

describe('an update', () => {
  it('is captured only if something changed', async () => {
    await watch(plain, { update: {} });
    expect(
      await capturedBy('insert into t values (1)', 'update t set id = id', 'update t set a = 1'),
    ).toEqual(['UPDATE 1']);
  });

  it('is captured only if a listened column changed', async () => {
    await watch(plain, { update: { columns: ['b'] } });
    const captured = await capturedBy(
      'insert into t values (1)',
      `update t set a = 'x'`,
      'update t set b = 1',
      'update t set b = null',
    );
    expect(captured).toEqual(['UPDATE 1', 'UPDATE 1']);
  });

  it('is captured in any case where an unchanged row counts', async () => {
    await watch(plain, { update: { unchanged: true } });
    expect(await capturedBy('insert into t values (1)', 'update t set id = id')).toEqual([
      'UPDATE 1',
    ]);
  });

  it('may listen to the key and to a generated column', async () => {
    await watch(
      'create table t (id int primary key, a int, twice int generated always as (a * 2) stored)',
      {
        update: { columns: ['id', 'twice'] },
      },
    );
    const captured = await capturedBy(
      'insert into t (id, a) values (1, 1)',
      'update t set a = 2',
      'update t set id = 3',
      'update t set a = a',
    );
    expect(captured).toEqual(['UPDATE 1', 'UPDATE 3']);
  });

  it('sees what a BEFORE trigger made of the row', async () => {
    await watch(
      `${plain}; create function twist() returns trigger language plpgsql as 'begin new.b := 9; return new; end';
      create trigger twist before update on t for each row execute function twist()`,
      { update: { columns: ['b'] } },
    );
    await database.query(`insert into t values (1); update t set a = 'x'`);
    expect(await database.captured()).toMatchObject([{ new: '{"id":1,"a":"x","b":9}' }]);
  });
});

describe('nested changes of one row', () => {
  it('keep their order, because capture triggers come before the others', async () => {
    await watch(`${plain}; create function again() returns trigger language plpgsql as $$
      begin if new.b < 3 then update t set b = b + 1 where id = new.id; end if; return null; end $$;
      create trigger "!!" after insert or update on t for each row when (false) execute function again();
      create trigger "#first" after insert or update on t for each row execute function again()`);
    await database.query('insert into t values (1, null, 1)');
    expect((await database.captured()).map((event) => event.new)).toEqual([
      '{"id":1,"a":null,"b":1}',
      '{"id":1,"a":null,"b":2}',
      '{"id":1,"a":null,"b":3}',
    ]);
  });
});

describe('a partitioned table', () => {
  const partitioned = `create table t (id int, region text, a int, primary key (id, region)) partition by list (region);
    create table north partition of t for values in ('n');
    create table south (a int, gone int, region text not null, id int not null);
    alter table south drop column gone;
    alter table t attach partition south for values in ('s')`;

  it('is captured whether written to as a whole or in a part, with columns in any order', async () => {
    await watch(partitioned);
    const captured = await capturedBy(
      `insert into t values (1, 'n'), (2, 's')`,
      `insert into south (id, region) values (3, 's')`,
      'update t set a = 1',
      'delete from north',
    );
    expect(captured.toSorted()).toEqual([
      'DELETE ["1", "n"]',
      'INSERT ["1", "n"]',
      'INSERT ["2", "s"]',
      'INSERT ["3", "s"]',
      'UPDATE ["1", "n"]',
      'UPDATE ["2", "s"]',
      'UPDATE ["3", "s"]',
    ]);
  });

  it('shows a row that moves as a delete and an insert', async () => {
    await watch(partitioned);
    expect(await capturedBy(`insert into t values (1, 'n')`, `update t set region = 's'`)).toEqual([
      'INSERT ["1", "n"]',
      'DELETE ["1", "n"]',
      'INSERT ["1", "s"]',
    ]);
  });

  it('is captured in partitions that come later', async () => {
    await watch(partitioned);
    await database.query(`create table west partition of t for values in ('w')`);
    expect(await capturedBy(`insert into west values (1, 'w')`)).toEqual(['INSERT ["1", "w"]']);
    expect(await database.reconcile([trigger({ table: 't', ...ALL_ROWS })])).toMatchObject({
      attached: [],
    });
  });

  it('can be detached and attached as a whole', async () => {
    await watch(partitioned);
    await database.query(
      `begin; select event_triggers.detach('t'); select event_triggers.attach('t'); commit`,
    );
    expect(await capturedBy(`insert into north values (1, 'n')`)).toEqual(['INSERT ["1", "n"]']);
  });
});
