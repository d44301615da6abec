/** One dedicated connection: what is done here spans transactions, and a pool would spread them. */
export interface AttachConnection {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: unknown[] }>;
}

/** Runs `work` in a transaction of its own. */
export async function inTransaction<Result>(
  connection: AttachConnection,
  mode: 'read only' | 'read write',
  work: () => Promise<Result>,
): Promise<Result> {
  await connection.query(`begin isolation level read committed ${mode}`);
  try {
    const result = await work();
    await connection.query('commit');
    return result;
  } catch (error) {
    await connection.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** A setting for the rest of the transaction. */
export async function setLocal(
  connection: AttachConnection,
  setting: string,
  milliseconds: number,
): Promise<void> {
  await connection.query('select set_config($1, $2, true)', [setting, `${milliseconds}ms`]);
}

/** The SQLSTATE of an error that Postgres raised. */
export function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
