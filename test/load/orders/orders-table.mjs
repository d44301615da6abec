// @ts-check
/** The rows that are written everywhere here: eight columns and 300 bytes of JSON, give or take 50. */

const JSON_BYTES = { least: 250, most: 350 };

/** What a writer says of an order; id and time are the database's. */
export const ORDER = [
  '8f14e45f-ceea-467f-a9af-1c2d3e4f5a6b',
  'pending',
  '129.95',
  'EUR',
  '12 Harbour Street, 20457 Hamburg, Germany',
  'Please leave the parcel with the neighbours on the second floor.',
];

/** @param {string} table */
export const createOrders = (table) => `
create table ${table} (
  id bigint generated always as identity primary key,
  customer uuid not null,
  status text not null,
  total numeric(12, 2) not null,
  currency text not null,
  address text not null,
  note text not null,
  placed_at timestamptz not null default clock_timestamp()
)`;

const COLUMNS = 'customer, status, total, currency, address, note';

/** @param {string} table */
export const insertOrder = (table) =>
  `insert into ${table} (${COLUMNS}) values ($1, $2, $3, $4, $5, $6)`;

/**
 * Many rows in one statement.
 *
 * @param {string} table
 */
export const insertOrders = (table) => `
insert into ${table} (${COLUMNS})
select $1::uuid, $2, $3::numeric, $4, $5, $6 from generate_series(1, $7::integer)`;

/** @param {import('../server/bench-database.mjs').BenchDatabase} database */
export async function assertOrderSize(database) {
  await database.query(`${createOrders('pg_temp.sample')}`);
  await database.query(insertOrder('pg_temp.sample'), ORDER);
  const [row] = await database.query(
    'select octet_length(row_to_json(s)::text) as bytes from pg_temp.sample s',
  );
  const bytes = Number(row?.bytes);
  if (bytes >= JSON_BYTES.least && bytes <= JSON_BYTES.most) return;
  throw new Error(`An order has ${bytes} bytes of JSON: figures would not compare with others`);
}
