import type { QuotedIdentifier } from '../../schema/identifier.js';

/** Pauses trigger $1 of application $2; no row where there is none. */
export const pauseDelivery = (schema: QuotedIdentifier): string => `
  select ${schema}.pause_delivery_v1(t.id, 'hand') as changed
    from ${schema}.event_trigger t
   where t.name = $1
     and t.application = $2
     and t.removed_at is null`;

/** Resumes it. */
export const resumeDelivery = (schema: QuotedIdentifier): string => `
  select ${schema}.resume_delivery_v1(t.id) as changed
    from ${schema}.event_trigger t
   where t.name = $1
     and t.application = $2
     and t.removed_at is null`;

/** The names of the triggers of application $1. */
export const triggerNames = (schema: QuotedIdentifier): string => `
  select t.name
    from ${schema}.event_trigger t
   where t.application = $1
     and t.removed_at is null
   order by t.name`;
