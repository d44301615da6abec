import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type {
  StartFrom,
  StoredOperation,
  StoredRetry,
  StoredUpdate,
  WantedTrigger,
} from '../../../lib/pipeline/attach/stored-trigger.js';
import {
  TriggerReconciler,
  type ReconcileReport,
  type ReconcileSettings,
} from '../../../lib/pipeline/attach/trigger-reconciler.js';
import { resolveRetry } from '../../../lib/retry.options.js';
import { SchemaMigrator } from '../../../lib/schema/schema-migrator.js';
import {
  createTestDatabase,
  prepareTemplateDatabase,
  type TestDatabase,
} from '../../support/test-database.js';

export const SCHEMA = 'event_triggers';

/** An event as tests compare it: row images as the text that was stored. */
interface Captured {
  trigger: string;
  operation: string;
  key: string | null;
  old: string | null;
  new: string | null;
}

/** A database with the schema of this package, and what tests of attach and capture do with it. */
export interface CapturedDatabase extends TestDatabase {
  /** Attaches as a booting replica does. */
  reconcile(
    wanted: readonly WantedTrigger[],
    settings?: Partial<ReconcileSettings>,
  ): Promise<ReconcileReport>;
  /** What was captured since the last call, in the order of numbers. */
  captured(): Promise<Captured[]>;
  /** The capture triggers of a table, by name. */
  triggersOn(table: string): Promise<string[]>;
}

export async function createCapturedDatabase(): Promise<CapturedDatabase> {
  const template = await prepareTemplateDatabase('captured', (draft) => migrate(draft, SCHEMA));
  const database = await createTestDatabase({ template });
  let seen = '0';
  return {
    ...database,
    async reconcile(wanted, settings = {}) {
      const connection = await database.client();
      try {
        return await reconcile(connection, wanted, settings);
      } finally {
        await connection.end();
      }
    },
    async captured() {
      const rows = await database.query<Captured & { id: string }>(
        `select e.id, t.name as trigger, e.operation::text, e.key, e.old::text, e.new::text
           from event_triggers.event e
           join event_triggers.event_trigger t
             on t.id = e.trigger_id
          where e.id > $1
          order by e.id`,
        [seen],
      );
      seen = rows.at(-1)?.id ?? seen;
      return rows.map(({ trigger: name, operation, key, old, new: now }) => ({
        trigger: name,
        operation,
        key,
        old,
        new: now,
      }));
    },
    async triggersOn(table) {
      const rows = await database.query<{ name: string }>(
        `select tgname as name from pg_trigger
          where tgrelid = $1::regclass and tgname like '!%' order by tgname collate "C"`,
        [table],
      );
      return rows.map(({ name }) => name);
    },
  };
}

async function migrate(database: TestDatabase, schema: string): Promise<void> {
  const connection = await database.client();
  await new SchemaMigrator(schema).migrate(connection);
}

export async function reconcile(
  connection: pg.Client,
  wanted: readonly WantedTrigger[],
  settings: Partial<ReconcileSettings> = {},
  schema = SCHEMA,
): Promise<ReconcileReport> {
  return new TriggerReconciler(connection, schema).reconcile(wanted, {
    application: 'shop',
    install: 'apply',
    removeMissing: true,
    attachTimeout: 20_000,
    ...settings,
  });
}

/** What a test says of a definition; the rest is as the resolver fills it in. */
export interface TriggerOf {
  name?: string;
  application?: string;
  formerly?: string[];
  schema?: string;
  table: string;
  insert?: StoredOperation;
  update?: StoredUpdate;
  delete?: StoredOperation;
  truncate?: boolean;
  manual?: boolean;
  replication?: boolean;
  enabled?: boolean;
  whenRemoved?: 'drain' | 'purge';
  ordering?: 'row';
  startFrom?: StartFrom;
  webhook?: string;
  retry?: StoredRetry;
}

export function trigger({
  name,
  application = 'shop',
  schema = 'public',
  table,
  ...rest
}: TriggerOf): WantedTrigger {
  return {
    name: name ?? 'watch',
    application,
    formerly: [],
    table: { schema, name: table },
    webhook: 'http://127.0.0.1/',
    headers: [],
    sendSecret: true,
    retry: resolveRetry(),
    timeout: 60_000,
    concurrency: 16,
    enabled: true,
    ...rest,
  };
}

/** Every operation that changes rows. */
export const ALL_ROWS = { insert: {}, update: {}, delete: {} } as const;

/** Waits until some other session waits for a lock; a test can then be sure that its writer is held up. */
export async function someoneWaits(database: TestDatabase): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ waiting: boolean }>(
      `select exists (select from pg_locks l join pg_stat_activity a using (pid)
                       where not l.granted and a.datname = current_database()) as waiting`,
    );
    if (row?.waiting) return;
    await sleep(20);
  }
}
