import type { QuotedIdentifier } from '../../schema/identifier.js';

/** Writes counts of attempts down: $1 is a list of them as JSON. */
export const deliveryTallyStatement = (schema: QuotedIdentifier): string => `
  insert into ${schema}.tally (trigger_id, delivered, failed, places, counts)
  select c.trigger, c.delivered, c.failed, c.places, c.counts
    from json_to_recordset($1) c (trigger integer, delivered integer, failed integer, places smallint[], counts integer[])`;
