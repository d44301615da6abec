import type { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { backlogDepthStatement } from '../../../lib/pipeline/retry/backlog-depth.sql.js';
import { stalledStreamsStatement } from '../../../lib/pipeline/retry/stream-progress.sql.js';
import { triggerListStatement } from '../../../lib/pipeline/retry/trigger-list.sql.js';
import { APPLICATION, createEngine, emit, type Engine } from '../support/engine.js';
import { TestDispatcher } from '../support/test-dispatcher.js';

/** Far beyond what anything is counted to. */
const MANY = 200_000;
/** Of a server that was just made, which has seen some hundred by then. */
const [FIRST_XID, TRANSACTIONS] = [3, 500];
/** Of the pages of the table. What a count stops at is a twentieth of the rows, and some of them are read twice. */
const MOST_READ = 1 / 4;

describe('a look at what waits does not read all of it', () => {
  let engine: Engine;
  let stream: TriggerId;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream({ name: 'orders' });
    // A log that is in use, of many transactions, of which the planner knows.
    const others = await engine.addStream({ application: 'other' });
    await engine.database.query(
      `insert into ${engine.schema}.event (trigger_id, operation, xid)
       select ${others}, 'MANUAL', (${FIRST_XID} + n % ${TRANSACTIONS})::text::xid8
         from generate_series(1, ${MANY}) n`,
    );
  });
  afterEach(() => engine.drop());

  const statements = (): Record<string, readonly [string, readonly unknown[]]> => ({
    'the list of triggers': [triggerListStatement(engine.schema), [APPLICATION, null]],
    'the depth of backlogs': [backlogDepthStatement(engine.schema), [APPLICATION]],
    'what stands still': [stalledStreamsStatement(engine.schema), [APPLICATION, 300_000]],
  });
  /** Pages of tables and indexes that a statement touches. */
  const pagesOf = async (statement: string, values: readonly unknown[]): Promise<number> => {
    const [row] = await engine.database.query<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
      `explain (analyze, buffers, costs off, timing off, format json) ${statement}`,
      [...values],
    );
    const { Plan: plan } = row!['QUERY PLAN'][0]!;
    return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
  };
  /** Statements that touch more pages than they may, of those that a table has. */
  const greedy = async (table: string): Promise<string[]> => {
    await engine.database.query('vacuum analyze');
    const [all] = await engine.database.query<{ pages: number }>(
      `select sum(pg_relation_size(relid) / 8192)::integer as pages
         from (select $1::regclass union all select relid from pg_partition_tree($1)) t (relid)`,
      [`event_triggers.${table}`],
    );
    const found: string[] = [];
    for (const [name, [statement, values]] of Object.entries(statements())) {
      const pages = await pagesOf(statement, values);
      if (pages > all!.pages * MOST_READ) found.push(`${name}: ${pages} pages of ${all!.pages}`);
    }
    return found;
  };
  const write = (client: Pick<Client, 'query'>, events: number) =>
    client.query(
      `insert into ${engine.schema}.event (trigger_id, operation, new)
       select ${stream}, 'MANUAL', json_build_object('n', n) from generate_series(1, ${events}) n`,
    );
  const claimAll = async (): Promise<void> => {
    const dispatcher = await TestDispatcher.start(engine, { events: MANY });
    let claimed: number;
    do {
      const { batches } = await dispatcher.claim(stream);
      claimed = batches.reduce((sum, { events }) => sum + events.length, 0);
    } while (claimed > 0);
  };

  it('where events wait that nobody has claimed', async () => {
    await write(await engine.database.client(), MANY);
    expect(await greedy('event')).toEqual([]);
  });

  it('where a transaction runs that has written them, behind what is claimed', async () => {
    const running = await engine.database.client();
    await running.query('begin');
    await write(running, MANY);
    await engine.emit(stream);
    await claimAll();
    expect(await greedy('event')).toEqual([]);
  });

  it('where a transaction is paged that has ended behind what is claimed', async () => {
    const long = await engine.database.client();
    await long.query('begin');
    await emit(long, engine.schema, stream, 5);
    await write(await engine.database.client(), MANY);
    await claimAll();
    await long.query('commit');
    const dispatcher = await TestDispatcher.start(engine, { events: 2 });
    await dispatcher.claim(stream);
    expect(await greedy('event')).toEqual([]);
  });

  it('where they are parked', async () => {
    await engine.database.query(
      `insert into ${engine.schema}.retry (trigger_id, event_id, operation, created_at, attempts, due, ordered, key)
       select ${stream}, n, 'MANUAL', now(), 0, 'infinity', true, 'k' from generate_series(1, ${MANY}) n`,
    );
    expect(await greedy('retry')).toEqual([]);
  });
});
