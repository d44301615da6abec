import { isHeader, isReservedHeader } from './request-headers.js';

/** The one among those that only the sender sets which is for the trace. */
const TRACEPARENT_HEADER = 'traceparent';

/**
 * What goes along of the headers that a propagator of the host's has given, names and values in turn: nothing that
 * would contradict the request, or that no request can carry.
 *
 * @param destination the headers of the definition, the secret among them, likewise in turn
 * @returns null where nothing is left
 */
export function traceHeaders(
  carrier: Readonly<Record<string, string>>,
  destination: readonly string[],
): readonly string[] | null {
  const headers: string[] = [];
  for (const [given, value] of Object.entries(carrier)) {
    const name = given.toLowerCase();
    const isFree = name === TRACEPARENT_HEADER || !isReservedHeader(name);
    if (isFree && isHeader(name, value) && !hasHeader(destination, name)) headers.push(name, value);
  }
  return headers.length === 0 ? null : headers;
}

const hasHeader = (headers: readonly string[], name: string): boolean =>
  headers.some((text, place) => place % 2 === 0 && text === name);
