// @ts-check
/**
 * What to paste into another terminal while the sample app runs.
 *
 * @param {{ url: string, ownDatabaseUrl: string | undefined, outbox: string }} run
 *   `ownDatabaseUrl` is left out where DATABASE_URL was given: its password is not ours to print.
 */
export function whereToLook({ url, ownDatabaseUrl, outbox }) {
  const database = ownDatabaseUrl ? ` DATABASE_URL=${quote(ownDatabaseUrl)}` : '';
  return `
  The sample app is open for business at ${url}. Paste into another terminal:

export APP=${url}${database} OUTBOX=${quote(outbox)}
${ownDatabaseUrl ? '' : '\n  and your DATABASE_URL, if it is not set there.\n'}
  place an order    curl "$APP/orders" -H 'content-type: application/json' -d '{"email":"ada@example.com","product":"tea","quantity":2}'
  see the orders    curl "$APP/orders"
  ship the first    curl -X PATCH "$APP/orders/1/ship"
  read the e-mails  tail -f "$OUTBOX"
  see the events    psql "$DATABASE_URL" -c 'select id, operation, key, new from event_triggers.event order by id desc limit 5'
  see the attempts  psql "$DATABASE_URL" -c 'select event_id, number, outcome, status from event_triggers.attempt order by created_at desc limit 5'

  sample-app/README.md is a tour. Ctrl-C stops it${ownDatabaseUrl ? ' and throws the data away' : ''}.
`;
}

/** @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
