import { OUTBOX_FILE } from './emails/mailer.js';

/** What to paste into another terminal while the sample app runs. */
export function whereToLook(url: string): string {
  return `Things to try in another terminal:

  place an order    curl ${url}/orders -H 'content-type: application/json' -d '{"email":"ada@example.com","product":"tea","quantity":2}'
  see the orders    curl ${url}/orders
  ship the first    curl -X PATCH ${url}/orders/1/ship
  read the e-mails  tail -f ${OUTBOX_FILE}
  see the events    psql "$DATABASE_URL" -c 'select id, operation, key, new from event_triggers.event order by id desc limit 5'
  see the attempts  psql "$DATABASE_URL" -c 'select event_id, number, outcome, status from event_triggers.attempt order by created_at desc limit 5'
`;
}
