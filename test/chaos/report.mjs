// @ts-check
/** Problems that are shown in full; the others are counted. */
const MOST_SHOWN = 10;

/**
 * @param {object} run
 * @param {{ seconds: number, seed: number, replicas: number, writers: number }} run.terms
 * @param {{ kind: string, at: number }[]} run.happened
 * @param {import('./writer.mjs').Writer[]} run.writers
 * @param {import('./verifier.mjs').Committed[]} run.history
 * @param {import('./receiver.mjs').FlakyReceiver} run.receiver
 * @param {import('./verifier.mjs').Verdict[]} run.verdicts
 * @param {number | null} run.owed deliveries that waited when the incidents were over
 * @param {number | null} run.drainedIn
 */
export function reportOf(run) {
  const { terms, happened, writers, history, receiver, verdicts, owed, drainedIn } = run;
  const problems = verdicts.flatMap(({ trigger, lost, phantoms, disordered }) => [
    ...lost.map(({ row, version }) => `${trigger}: version ${version} of row ${row} was lost`),
    ...phantoms.map(
      ({ row, version }) => `${trigger}: version ${version} of row ${row} was never committed`,
    ),
    ...disordered.map((problem) => `${trigger}: ${problem}`),
  ]);
  return {
    ...terms,
    writers: writers.length,
    incidents: counted(happened.map(({ kind }) => kind)),
    transactions: writers.reduce((sum, { committed }) => sum + committed, 0),
    changes: history.length,
    requests: receiver.received.length,
    lost: sum(verdicts, ({ lost }) => lost.length),
    phantoms: sum(verdicts, ({ phantoms }) => phantoms.length),
    repeated: sum(verdicts, ({ repeated }) => repeated),
    disordered: sum(verdicts, ({ disordered }) => disordered.length),
    longestWriteMs: Math.round(Math.max(...writers.map(({ longest }) => longest))),
    recoveryMs: recovery(happened, receiver),
    owedAtTheEnd: owed,
    drainedInMs: drainedIn === null ? null : Math.round(drainedIn),
    problems,
    passed: problems.length === 0,
  };
}

/** @param {ReturnType<typeof reportOf>} report */
export function textOf(report) {
  const { incidents, problems, recoveryMs } = report;
  const shown = problems.slice(0, MOST_SHOWN);
  return [
    `incidents: ${Object.entries(incidents)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}`,
    `${report.transactions} transactions, ${report.changes} changes for each of two triggers, ${report.requests} requests`,
    `lost ${report.lost}, never committed ${report.phantoms}, out of order ${report.disordered}, repeated ${report.repeated}`,
    `until the next success after an incident: median ${recoveryMs.median} ms, longest ${recoveryMs.longest} ms; longest transaction ${report.longestWriteMs} ms`,
    report.drainedInMs === null
      ? `${report.owedAtTheEnd} deliveries waited at the end, and not all were made in time`
      : `${report.owedAtTheEnd} deliveries waited at the end, and were made within ${report.drainedInMs} ms`,
    ...shown.map((problem) => `  WRONG: ${problem}`),
    ...(problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : []),
  ].join('\n');
}

/**
 * From each incident to the next request that was answered with success.
 *
 * @param {{ at: number }[]} happened
 * @param {import('./receiver.mjs').FlakyReceiver} receiver
 */
function recovery(happened, receiver) {
  const successes = receiver.received
    .map(({ acknowledged }) => acknowledged)
    .filter((at) => at !== null)
    .toSorted((one, other) => one - other);
  const gaps = happened
    .map(({ at }) => (successes.find((success) => success > at) ?? Infinity) - at)
    .filter(Number.isFinite)
    .toSorted((one, other) => one - other);
  return {
    median: Math.round(gaps[Math.floor(gaps.length / 2)] ?? 0),
    longest: Math.round(gaps.at(-1) ?? 0),
  };
}

/** @param {string[]} kinds */
function counted(kinds) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/**
 * @template Item
 * @param {readonly Item[]} items
 * @param {(item: Item) => number} of
 */
const sum = (items, of) => items.reduce((total, item) => total + of(item), 0);
