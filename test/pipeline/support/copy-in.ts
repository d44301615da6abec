import { once } from 'node:events';
import pg from 'pg';

/** What `pg` knows of the protocol of COPY and keeps to itself. */
interface CopyingConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Runs a `copy … from stdin` and sends `lines` along. */
export async function copyIn(
  client: pg.Client,
  statement: string,
  lines: readonly string[],
): Promise<void> {
  const copy = Object.assign(new pg.Query(statement), {
    handleCopyInResponse(connection: CopyingConnection) {
      connection.sendCopyFromChunk(Buffer.from(lines.map((line) => `${line}\n`).join('')));
      connection.endCopyFrom();
    },
  });
  await once(client.query(copy), 'end');
}
