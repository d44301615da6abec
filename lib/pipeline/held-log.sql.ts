import type { QuotedIdentifier } from '../schema/identifier.js';

/** What triggers keep in the event log that ended $1 milliseconds from here; times as milliseconds since 1970. */
export const selectHeld = (schema: QuotedIdentifier): string => `
select h.name, h.application, h.captures, h.bytes, extract(epoch from h.since) * 1000, h.stuck
  from ${schema}.held_v1(clock_timestamp() + $1::double precision * interval '1 millisecond') h`;
