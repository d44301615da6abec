import type { Readable } from 'node:stream';
import type { AnswerLimits } from './http-exchange.js';

/** The beginning of a body in whichever form an adapter of the host's brings it. */
export async function bodyExcerpt(
  data: unknown,
  limits: AnswerLimits,
  signal: AbortSignal,
): Promise<Buffer> {
  if (data === null || data === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(data)) return data.subarray(0, limits.excerpt);
  if (typeof data === 'string') return Buffer.from(data).subarray(0, limits.excerpt);
  if (isStream(data)) return await readExcerpt(data, limits, signal);
  return Buffer.from(JSON.stringify(data) ?? '').subarray(0, limits.excerpt);
}

async function readExcerpt(
  stream: Readable,
  limits: AnswerLimits,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (): void => {
    stream.destroy(signal.reason as Error);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (bytes < limits.excerpt) chunks.push(chunk);
      bytes += chunk.length;
      // Leaving the loop destroys the stream and with it the connection.
      if (bytes > limits.discard) break;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks).subarray(0, limits.excerpt);
}

const isStream = (data: unknown): data is Readable =>
  typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
