/** The writer's trace in W3C's form; ids of zeros and the version ff are invalid (Trace Context §3.2). */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;
const HEXADECIMAL = 16;

/**
 * The session variables that the writer had set, as JSON for the body.
 *
 * They are text of any form: whatever is no JSON object is left out, because a writer's mistake must not
 * keep an event from being delivered.
 */
export function sessionVariables(session: string | null): string {
  if (session === null) return 'null';
  return isObject(parsed(session)) ? session : 'null';
}

/** The writer's trace as Hasura prints it, from a `traceparent` or from Hasura's own JSON. */
export function traceContext(trace: string | null): string {
  if (trace === null) return 'null';
  const w3c = TRACEPARENT.exec(trace);
  if (w3c !== null) {
    const [, traceId, spanId, flags = '0'] = w3c;
    const sampled = (Number.parseInt(flags, HEXADECIMAL) & SAMPLED) === SAMPLED ? '1' : '0';
    return `{"sampling_state":"${sampled}","span_id":"${spanId}","trace_id":"${traceId}"}`;
  }
  const own = parsed(trace);
  return isObject(own) && 'trace_id' in own && 'span_id' in own ? trace : 'null';
}

/** What to send on as the header `traceparent`; null unless the writer gave one. */
export function traceparentOf(trace: string | null): string | null {
  return trace !== null && TRACEPARENT.test(trace) ? trace : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
