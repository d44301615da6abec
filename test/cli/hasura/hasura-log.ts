import type { TestDatabase } from '../../support/test-database.js';

/** A row of Hasura's log, as far as a test says it. */
export interface HasuraEvent {
  readonly id: string;
  readonly trigger?: string;
  readonly payload?: unknown;
  readonly delivered?: boolean;
  readonly error?: boolean;
  readonly archived?: boolean;
  readonly tries?: number;
  readonly createdAt?: string;
  readonly locked?: string | null;
  readonly nextRetryAt?: string | null;
}

/** The log of events that Hasura keeps in each database that it has triggers in. */
export async function createHasuraLog(database: TestDatabase): Promise<void> {
  await database.query(`
    create schema hdb_catalog;
    create table hdb_catalog.event_log (
      id text primary key default gen_random_uuid(),
      schema_name text not null,
      table_name text not null,
      trigger_name text not null,
      payload jsonb not null,
      delivered boolean not null default false,
      error boolean not null default false,
      tries integer not null default 0,
      created_at timestamp default now(),
      locked timestamptz,
      next_retry_at timestamp,
      archived boolean not null default false
    );
    create index on hdb_catalog.event_log (trigger_name);
    create index event_log_fetch_events
        on hdb_catalog.event_log (locked nulls first, next_retry_at nulls first, created_at)
     where delivered = 'f' and error = 'f' and archived = 'f'`);
}

export const insertOf = (id: number, more: Record<string, unknown> = {}): unknown => ({
  op: 'INSERT',
  data: { old: null, new: { id, status: 'new', total: 10.5 } },
  session_variables: null,
  trace_context: null,
  ...more,
});

export async function writeHasuraEvents(
  database: TestDatabase,
  ...events: readonly HasuraEvent[]
): Promise<void> {
  for (const event of events) {
    await database.query(
      `insert into hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload, delivered, error, archived,
         tries, created_at, locked, next_retry_at)
       values ($1, 'public', 'orders', $2, $3, $4, $5, $6, $7, coalesce($8::timestamp, now()), now() - $9::interval, $10::timestamp)`,
      [
        event.id,
        event.trigger ?? 'order_changed',
        JSON.stringify(event.payload ?? insertOf(Number(event.id))),
        event.delivered ?? false,
        event.error ?? false,
        event.archived ?? false,
        event.tries ?? 0,
        event.createdAt,
        event.locked,
        event.nextRetryAt,
      ],
    );
  }
}

/** Which events Hasura would still deliver. */
export async function owedByHasura(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select id from hdb_catalog.event_log where not delivered and not error and not archived order by id`,
  );
  return rows.map(({ id }) => id);
}
