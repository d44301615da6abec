// @ts-check
import { now } from '../clock.mjs';
import { cpuMilliseconds } from '../processes/cpu.mjs';
import { WireWriter } from './wire-writer.mjs';

/** As many as the measurements that the marks come from. */
const WRITERS = 8;

const MILLISECONDS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MILLISECOND = 1_000;

/**
 * @typedef {object} Load
 * @property {string} url
 * @property {string} statement
 * @property {(writer: number) => readonly (readonly string[])[]} values What a writer sends, in turn and over again.
 * @property {boolean} synchronousCommit
 * @property {{ milliseconds: number } | { transactions: number }} until
 */

/**
 * Eight connections write as fast as they can, one row a transaction.
 *
 * @param {Load} load
 */
export async function writeLoad({ url, statement, values, synchronousCommit, until }) {
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, () => WireWriter.open(url, statement, { synchronousCommit })),
  );
  const messages = writers.map((_, writer) =>
    values(writer).map((row) => WireWriter.messageOf(row)),
  );
  let transactions = 0;
  const startedAt = now();
  const cpuBefore = cpuMilliseconds();
  const mayGoOn =
    'transactions' in until
      ? () => transactions < until.transactions
      : () => now() - startedAt < until.milliseconds;
  try {
    await Promise.all(
      writers.map((writer, index) => {
        const own = messages[index] ?? [];
        let place = 0;
        return writer.run(() => {
          if (!mayGoOn()) return undefined;
          transactions += 1;
          return own[place++ % own.length];
        });
      }),
    );
    const milliseconds = now() - startedAt;
    return {
      transactions,
      perSecond: (transactions / milliseconds) * MILLISECONDS_PER_SECOND,
      /** Of this process: what is left of the cores is the database's. */
      cpuMicroseconds:
        ((cpuMilliseconds() - cpuBefore) * MICROSECONDS_PER_MILLISECOND) / transactions,
    };
  } finally {
    await Promise.all(writers.map((writer) => writer.close()));
  }
}
