import { Database } from '../../../lib/database.js';
import type { TriggerContent } from '../../../lib/pipeline/attach/stored-trigger.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { quoteIdentifier, type QuotedIdentifier } from '../../../lib/schema/identifier.js';
import { MIGRATIONS } from '../../../lib/schema/migrations.js';
import { SchemaMigrator } from '../../../lib/schema/schema-migrator.js';
import {
  createTestDatabase,
  prepareTemplateDatabase,
  type TestDatabase,
} from '../../support/test-database.js';

export const APPLICATION = 'shop';
export const SCHEMA = 'event_triggers';

/** Without what attaches triggers to tables: here, streams are filled by hand. */
const ENGINE_MIGRATIONS = MIGRATIONS.filter(({ name }) => name !== 'attach');

/** A database with the schema of the package in it, and what tests do to its log by hand. */
export interface Engine {
  readonly database: TestDatabase;
  readonly schema: QuotedIdentifier;
  /** The connections of one more replica. They are closed with the engine. */
  connect(): Database;
  /** A stream that begins now, of a table that does not exist: its events come from `emit`. */
  addStream(options?: StreamOptions): Promise<TriggerId>;
  /** Events with the images `{"n": from}`, `{"n": from + 1}`, … in one transaction. */
  emit(trigger: TriggerId, count?: number, from?: number): Promise<void>;
  drop(): Promise<void>;
}

interface StreamOptions {
  readonly name?: string;
  readonly application?: string;
  readonly content?: Partial<TriggerContent>;
}

/** Whoever runs one statement: a connection in a transaction, or a pool. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** A copy of the migrated schema that no other test sees. */
export async function createEngine(): Promise<Engine> {
  const template = await prepareTemplateDatabase('engine', async (database) => {
    await new SchemaMigrator(SCHEMA, ENGINE_MIGRATIONS).migrate(await database.client());
  });
  return engineIn(await createTestDatabase({ template }));
}

/** The engine of a database that has the schema already. */
export function engineIn(database: TestDatabase, schemaName = SCHEMA): Engine {
  const schema = quoteIdentifier(schemaName);
  const replicas: Database[] = [];
  let streams = 0;
  return {
    database,
    schema,
    connect() {
      const replica = new Database({ connectionString: database.url });
      replicas.push(replica);
      return replica;
    },
    async addStream({ name = `stream-${++streams}`, application = APPLICATION, content } = {}) {
      const [trigger] = await database.query<{ id: TriggerId }>(
        `insert into ${schema}.event_trigger (name, application, definition) values ($1, $2, $3) returning id`,
        [name, application, { ...contentOf(name), ...content }],
      );
      await beginStream(database, schema, trigger!.id);
      return trigger!.id;
    },
    async emit(trigger, count = 1, from = 1) {
      await emit(database, schema, trigger, count, from);
    },
    async drop() {
      await Promise.all(replicas.map((replica) => replica.close()));
      await database.drop();
    },
  };
}

/** What attach leaves behind: a tick of its own, and then a cursor that stands at it. */
async function beginStream(
  database: Queryable,
  schema: QuotedIdentifier,
  trigger: TriggerId,
): Promise<void> {
  await database.query(`select ${schema}.tick_v1()`);
  await database.query(
    `insert into ${schema}.batch (trigger_id, id, claim, dispatcher, from_tick, to_tick, after_id, last_id, size, more)
     select $1, nextval('${schema}.batch_id'), gen_random_uuid(), '00000000-0000-0000-0000-000000000000', t.id, t.id, 0, 0, 0, false
       from ${schema}.tick t
      order by t.id desc
      limit 1`,
    [trigger],
  );
}

/** What a capture function does for each row, in the transaction of whoever runs it. */
export async function emit(
  writer: Queryable,
  schema: QuotedIdentifier,
  trigger: TriggerId,
  count = 1,
  from = 1,
): Promise<void> {
  await writer.query(
    `insert into ${schema}.event (trigger_id, operation, key, new)
     select $1, 'INSERT', n::text, json_build_object('n', n)
       from generate_series($2::integer, $2::integer + $3::integer - 1) n`,
    [trigger, from, count],
  );
}

function contentOf(name: string): TriggerContent {
  return {
    table: { schema: 'public', name },
    insert: {},
    webhook: 'http://127.0.0.1:9/',
    headers: [],
    sendSecret: false,
    retry: {
      attempts: 10,
      strategy: 'fixed',
      delay: 100,
      maxDelay: 1_000,
      maxAge: null,
      jitter: false,
    },
    timeout: 10_000,
    concurrency: 16,
    enabled: true,
  };
}
