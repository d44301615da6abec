import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { AnswerLimits } from './http-exchange.js';

/**
 * The beginning of a body in whichever form an adapter of the host's brings it.
 *
 * @param signal asked for only where there is something to wait for
 */
export async function bodyExcerpt(
  data: unknown,
  limits: AnswerLimits,
  signal: () => AbortSignal,
): Promise<Buffer> {
  const stream = streamOf(data);
  if (stream !== null) return await readExcerpt(stream, limits, signal());
  return bytesOf(data).subarray(0, limits.excerpt);
}

function streamOf(data: unknown): Readable | null {
  if (data instanceof Readable) return data;
  if (data instanceof ReadableStream) return Readable.fromWeb(data);
  const isIterable = typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
  return isIterable ? Readable.from(data as AsyncIterable<unknown>) : null;
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
    for await (const chunk of stream as AsyncIterable<unknown>) {
      const piece = bytesOf(chunk);
      if (bytes < limits.excerpt) chunks.push(piece);
      bytes += piece.length;
      // Leaving the loop destroys the stream and with it the connection.
      if (bytes > limits.discard) break;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks, Math.min(bytes, limits.excerpt));
}

function bytesOf(data: unknown): Buffer {
  if (data === null || data === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(data)) return data;
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(typeof data === 'string' ? data : printed(data));
}

/** An excerpt is for people: one that cannot be printed must not undo a delivery. */
function printed(data: unknown): string {
  try {
    return JSON.stringify(data) ?? '';
  } catch {
    return '';
  }
}
