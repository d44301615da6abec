import { describe, expect, it } from 'vitest';
import { originOf } from '../../lib/telemetry/delivery-origin.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const traced = (spanId: string, flags = '01') => ({ trace: `00-${TRACE_ID}-${spanId}-${flags}` });
const span = (spanId: string, traceFlags = 1) => ({
  traceId: TRACE_ID,
  spanId,
  traceFlags,
  isRemote: true,
});
const ONE = 'b7ad6b7169203331';
const OTHER = '00f067aa0ba902b7';

describe('the origin of a delivery', () => {
  it('is the span of the writer that all events have', () => {
    const expected = { parent: span(ONE), links: [] };
    expect(originOf([traced(ONE)])).toEqual(expected);
    expect(originOf([traced(ONE), traced(ONE)])).toEqual(expected);
  });

  it('leaves it to the writer whether it is sampled', () => {
    expect(originOf([traced(ONE, '00')]).parent).toEqual(span(ONE, 0));
  });

  it('is beside the spans of several writers, each of them once', () => {
    const events = [traced(ONE), { trace: null }, traced(OTHER), traced(ONE)];
    expect(originOf(events)).toEqual({
      parent: null,
      links: [{ context: span(ONE) }, { context: span(OTHER) }],
    });
  });

  it.each([[null], ['not a trace'], ['{"trace_id":"1","span_id":"2"}']])(
    'is none where the writer has set %s',
    (trace) => {
      expect(originOf([{ trace }])).toEqual({ parent: null, links: [] });
    },
  );
});
