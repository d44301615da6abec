// @ts-check
/** @typedef {import('./receiver.mjs').Received} Received */
/** @typedef {{ row: number, version: number, token: string }} Committed What the database holds after the run. */
/** @typedef {{ trigger: string, lost: Committed[], phantoms: Received[], repeated: number, disordered: string[] }} Verdict */

/**
 * What one trigger did with what was committed, by the receiver's log and the table's own versions alone.
 *
 * @param {string} trigger
 * @param {readonly Received[]} received of this trigger, in the order in which they came
 * @param {readonly Committed[]} history in the order of versions
 * @param {{ isOrdered: boolean, mayForget: boolean }} terms mayForget: Postgres crashed under asynchronous writers, and
 *   may have forgotten what had gone out
 * @returns {Verdict}
 */
export function judge(trigger, received, history, { isOrdered, mayForget }) {
  const committed = new Set(history.map(({ token }) => token));
  /** @type {Map<string, { first: number, acknowledged: number, times: number }>} */
  const seen = new Map();
  for (const { token, at, acknowledged } of received) {
    const known = seen.get(token) ?? { first: at, acknowledged: Infinity, times: 0 };
    known.acknowledged = Math.min(known.acknowledged, acknowledged ?? Infinity);
    if (acknowledged !== null) known.times += 1;
    seen.set(token, known);
  }
  const delivered = (/** @type {Committed} */ { token }) =>
    (seen.get(token)?.acknowledged ?? Infinity) < Infinity;
  return {
    trigger,
    lost: history.filter((change) => !delivered(change)),
    phantoms: mayForget ? [] : received.filter(({ token }) => !committed.has(token)),
    repeated: [...seen.values()].reduce((sum, { times }) => sum + Math.max(0, times - 1), 0),
    disordered: isOrdered ? disorder(history, seen) : [],
  };
}

/**
 * The first request of each version has to come after the version before it was acknowledged.
 *
 * @param {readonly Committed[]} history
 * @param {Map<string, { first: number, acknowledged: number }>} seen
 */
function disorder(history, seen) {
  const wrong = [];
  /** @type {Map<number, Committed>} */
  const last = new Map();
  for (const change of history) {
    const before = last.get(change.row);
    last.set(change.row, change);
    const own = seen.get(change.token);
    const former = before === undefined ? undefined : seen.get(before.token);
    if (own === undefined || before === undefined) continue;
    if ((former?.acknowledged ?? Infinity) <= own.first) continue;
    wrong.push(
      `row ${change.row}: version ${change.version} came before version ${before.version} was through`,
    );
  }
  return wrong;
}
