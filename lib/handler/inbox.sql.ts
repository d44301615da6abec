import type { QuotedIdentifier } from '../schema/identifier.js';

export interface InboxStatements {
  readonly enter: string;
  readonly enterAgain: string;
  readonly isEntered: string;
  readonly forget: string;
}

export const inboxStatements = (schema: QuotedIdentifier): InboxStatements => ({
  /** Waits for whoever is handling the same event, and finds nothing to do when that one has committed. */
  enter: `
insert into ${schema}.inbox (event_id)
values ($1)
    on conflict (event_id) do nothing
returning event_id`,

  /** Somebody has asked for it once more. */
  enterAgain: `
insert into ${schema}.inbox (event_id)
values ($1)
    on conflict (event_id) do update
   set handled_at = excluded.handled_at
returning event_id`,

  /** Fails in a transaction that can only be rolled back, whose COMMIT Postgres would let pass without an error. */
  isEntered: `
select from ${schema}.inbox i
 where i.event_id = $1`,

  forget: `
delete from ${schema}.inbox i
 where i.handled_at < clock_timestamp() - $1 * interval '1 millisecond'`,
});
