import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WantedTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import {
  ALL_ROWS,
  createCapturedDatabase,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

describe('a trigger that keeps rows in order', () => {
  let database: CapturedDatabase;

  beforeAll(async () => {
    database = await createCapturedDatabase();
  });
  afterAll(() => database.drop());

  const ordered = (table: string, more: Partial<WantedTrigger> = {}): WantedTrigger => ({
    ...trigger({ table, name: `watch-${table}`, ...ALL_ROWS }),
    ordering: 'row',
    ...more,
  });
  const attach = (...wanted: WantedTrigger[]) =>
    database.reconcile(wanted, { removeMissing: false });
  const keys = () =>
    database.query(`select key, key_before from event_triggers.event order by id desc limit 1`);

  it('captures both keys where a change gives the row another one', async () => {
    await database.query('create table renamed (id integer primary key, name text)');
    await attach(ordered('renamed'));
    await database.query(`insert into renamed values (1, 'a')`);

    await database.query(`update renamed set name = 'b'`);
    expect(await keys(), 'of a change that leaves it alone').toEqual([
      { key: '1', key_before: null },
    ]);
    await database.query('update renamed set id = 2');
    expect(await keys()).toEqual([{ key: '2', key_before: '1' }]);
  });

  it('takes the columns that its definition names for the key', async () => {
    await database.query(
      'create table lines (id integer primary key, customer integer, place integer)',
    );
    await attach(ordered('lines', { orderingKey: ['customer', 'place'] }));

    await database.query('insert into lines values (1, 7, 8)');
    expect(await keys()).toEqual([{ key: '["7", "8"]', key_before: null }]);
    await database.query('update lines set customer = 9');
    expect(await keys()).toEqual([{ key: '["9", "8"]', key_before: '["7", "8"]' }]);
  });

  it.each([
    ['has no primary key', 'create table T (id integer)'],
    ['is deferrable', 'create table T (id integer primary key deferrable)'],
    [
      'fires before what captures them',
      `create table T (id integer primary key);
       create trigger " first" after insert on T for each row execute function touch()`,
    ],
    [
      'writes to the table',
      `create table T (id integer primary key);
       create function of_T() returns trigger language plpgsql as
         $$ begin update public.T set id = id where id <> new.id; return null; end $$;
       create trigger totals after insert on T for each row execute function of_T()`,
    ],
    [
      'updates other rows of the same statement',
      'create table T (id integer primary key, parent integer references T on update cascade)',
    ],
  ])(
    'is refused where it could not: the table or a trigger of it %s',
    async (reason, statements) => {
      await database.query(
        `create or replace function touch() returns trigger language plpgsql as $$ begin return null; end $$`,
      );
      const table = `refused_${reason.replaceAll(' ', '_').slice(0, 20)}`;
      await database.query(statements.replaceAll(/\bT\b|(?<=of_)T/g, table));

      await expect(attach(ordered(table))).rejects.toThrow(reason);
    },
  );

  it.each([
    [
      'a constraint trigger that waits for the commit',
      'constraint',
      'deferrable initially deferred',
    ],
  ])('bears %s', async (_, kind, deferral) => {
    await database.query(`create table deferred_one (id integer primary key)`);
    await database.query(
      `create function touch_later() returns trigger language plpgsql as
         $$ begin update deferred_one set id = id; return null; end $$`,
    );
    await database.query(
      `create ${kind} trigger later after insert on deferred_one ${deferral}
         for each row execute function touch_later()`,
    );

    expect((await attach(ordered('deferred_one'))).created).toEqual(['watch-deferred_one']);
  });

  it('bears a trigger that its definition calls harmless', async () => {
    await database.query('create table trusted (id integer primary key, seen integer)');
    await database.query(
      `create function touch_trusted() returns trigger language plpgsql as
         $$ begin update trusted set seen = 1 where id = new.id; return null; end $$`,
    );
    await database.query(
      `create trigger totals after insert on trusted for each row execute function touch_trusted()`,
    );

    await expect(attach(ordered('trusted'))).rejects.toThrow('harmlessTriggers: ["totals"]');
    const { created } = await attach(ordered('trusted', { harmlessTriggers: ['totals'] }));
    expect(created).toEqual(['watch-trusted']);
  });

  it('is refused a column for its key that the table does not have', async () => {
    await database.query('create table columns_of (id integer primary key)');
    await expect(attach(ordered('columns_of', { orderingKey: ['nobody'] }))).rejects.toThrow(
      'has no column "nobody"',
    );
  });
});
