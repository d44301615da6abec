import type { Link, SpanContext } from '@opentelemetry/api';
import type { ClaimedEvent } from '../pipeline/event.js';
import { traceparentOf } from '../pipeline/deliver/writer-context.js';

const HEXADECIMAL = 16;

/** Where a delivery stands in the traces of its writers. */
export interface DeliveryOrigin {
  /** Null where there is no writer's span, or where there are several. */
  readonly parent: SpanContext | null;
  readonly links: readonly Link[];
}

/** Below the span of the writer, where all events have the same; else beside those of all writers. */
export function originOf(events: readonly Pick<ClaimedEvent, 'trace'>[]): DeliveryOrigin {
  const traceparents = new Set(events.map(({ trace }) => traceparentOf(trace)));
  const spans = [...traceparents].map((text) => (text === null ? null : spanContextOf(text)));
  if (spans.length === 1) return { parent: spans[0] ?? null, links: [] };
  return {
    parent: null,
    links: spans.filter((context) => context !== null).map((context) => ({ context })),
  };
}

/** @param traceparent of a valid form: https://www.w3.org/TR/trace-context/#traceparent-header */
function spanContextOf(traceparent: string): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, HEXADECIMAL), isRemote: true };
}
