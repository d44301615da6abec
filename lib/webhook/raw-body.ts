import type { RequestWithHeaders } from './single-header.js';

/** A request of Express or Fastify whose body has been read. */
export interface RequestWithBody extends RequestWithHeaders {
  /** Where Nest keeps the bytes with `rawBody: true`, on either adapter. */
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** The bytes that came; null where the application has kept only what it parsed. */
export function rawBodyOf({ rawBody, body }: RequestWithBody): Uint8Array | null {
  if (rawBody instanceof Uint8Array) return rawBody;
  // A parser of raw bodies leaves them here.
  return body instanceof Uint8Array ? body : null;
}
