import type { MigrationContext } from '../migration.js';

/** The events that handlers of the application have handled, by the ids that receivers see. */
export const inbox = ({ schema }: MigrationContext): string => `
create table ${schema}.inbox (
  -- Other senders' ids may have any form.
  event_id text primary key,
  handled_at timestamptz not null default clock_timestamp()
);

-- Rows come in this order and leave in it.
create index inbox_handled_at on ${schema}.inbox using brin (handled_at);
`;
