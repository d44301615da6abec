// @ts-check
import { describeMachine } from './report/machine.mjs';
import { figuresOf, tableOf } from './report/report.mjs';
import { admin } from './scenarios/admin.mjs';
import { capture } from './scenarios/capture.mjs';
import { drainHttp, drainSigned } from './scenarios/drain-http.mjs';
import { drainNoop } from './scenarios/drain-noop.mjs';
import { heldXmin } from './scenarios/held-xmin.mjs';
import { idle } from './scenarios/idle.mjs';
import { latency } from './scenarios/latency.mjs';
import { backlog, deadEndpoint } from './scenarios/neighbours.mjs';
import { order } from './scenarios/order.mjs';
import { partitions } from './scenarios/partitions.mjs';
import { replicas } from './scenarios/replicas.mjs';
import { wal } from './scenarios/wal.mjs';
import { bundles, handler, metrics } from './scenarios/ways-out.mjs';
import { BenchServer } from './server/bench-server.mjs';

/**
 * What every scenario is given.
 *
 * @typedef {object} Bench
 * @property {BenchServer} server
 * @property {number} rounds How often each side is measured.
 * @property {number} events Events of one round of draining.
 */

const RUN = {
  capture,
  'drain-noop': drainNoop,
  'drain-http': drainHttp,
  'drain-signed': drainSigned,
  bundles,
  handler,
  metrics,
  latency,
  replicas,
  'dead-endpoint': deadEndpoint,
  backlog,
  partitions,
  idle,
  order,
  wal,
  'held-xmin': heldXmin,
  admin,
};

/**
 * @param {import('./command-line.mjs').Command} command
 * @returns {Promise<boolean>} whether all counts were right
 */
export async function runBench({ scenarios, rounds, events, json }) {
  const server = await BenchServer.start();
  const lines = [];
  let correct = true;
  try {
    console.log(await server.use(describeMachine));
    for (const scenario of scenarios) {
      console.error(scenario);
      const report = await RUN[scenario]({ server, rounds, events });
      console.log(`\n${tableOf(report)}`);
      for (const problem of report.problems) console.log(`  WRONG: ${problem}`);
      correct &&= report.problems.length === 0;
      lines.push(JSON.stringify({ scenario, figures: figuresOf(report) }));
    }
  } finally {
    await server.stop();
  }
  if (json) for (const line of lines) console.log(line);
  return correct;
}
