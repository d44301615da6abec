/**
 * What is captured in this transaction is the work of a span; it ends with the transaction.
 *
 * $1 the span's `traceparent`
 */
export const WRITER_TRACE_STATEMENT = `select set_config('event_triggers.traceparent', $1, true)`;
