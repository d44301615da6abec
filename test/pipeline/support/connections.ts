import type pg from 'pg';
import type { Database, TextRow } from '../../../lib/database.js';

/** All statements over one connection, so that a test can keep the transaction of a call open. */
export function overConnection(client: pg.Client): Database {
  const database: Pick<Database, 'run' | 'query'> = {
    async run(_name, text, values) {
      const { rows } = await client.query({
        text,
        values: [...values],
        rowMode: 'array',
        types: { getTypeParser: () => (value: string) => value },
      } as pg.QueryArrayConfig);
      return rows as TextRow[];
    },
    async query<Row>(text: string, values: readonly unknown[] = []) {
      return (await client.query(text, [...values])).rows as Row[];
    },
  };
  return database as Database;
}
