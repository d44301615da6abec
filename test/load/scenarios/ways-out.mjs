// @ts-check
import { ratios } from '../report/statistics.mjs';
import { drainBy } from './drain-by.mjs';
import { cpuPerEvent, perSecond, problemsOf } from './drained.mjs';

/** @typedef {import('./drain-by.mjs').Way} Way */
/** @typedef {import('../run-bench.mjs').Bench} Bench */
/** @typedef {import('../report/report.mjs').Report} Report */

/** Events in a request. */
const BUNDLE = 100;

/**
 * A hundred events in a request, against a request for each.
 *
 * @param {Bench} bench
 * @returns {Promise<Report>}
 */
export async function bundles(bench) {
  return await against(bench, `bundles of ${BUNDLE}`, { own: { bundle: BUNDLE } });
}

/**
 * A method of the application, against a request for each.
 *
 * @param {Bench} bench
 * @returns {Promise<Report>}
 */
export async function handler(bench) {
  return await against(bench, 'handler: a method of the application', { isHandled: true });
}

/**
 * With metrics, against without.
 *
 * @param {Bench} bench
 * @returns {Promise<Report>}
 */
export async function metrics(bench) {
  return await against(bench, 'metrics: a request for each, measured', { isMeasured: true });
}

/**
 * @param {Bench} bench
 * @param {string} title
 * @param {Way} way
 * @returns {Promise<Report>}
 */
async function against(bench, title, way) {
  const { rounds, events } = bench;
  const sides = await drainBy(bench, { way, single: {} });
  const [rate, single] = [perSecond(sides.way, events), perSecond(sides.single, events)];
  return {
    title: `${title}: ${events} events, ${rounds} rounds`,
    lines: [
      { label: 'this way, events/s', samples: rate, key: 'eventsPerSecond' },
      { label: 'a request for each, events/s', samples: single },
      {
        label: 'this way / a request for each',
        samples: ratios(rate, single),
        digits: 2,
        key: 'ofSingle',
      },
      { label: 'this way, Node CPU µs/event', samples: cpuPerEvent(sides.way, events), digits: 1 },
      {
        label: 'a request for each, Node CPU µs/event',
        samples: cpuPerEvent(sides.single, events),
        digits: 1,
      },
    ],
    problems: problemsOf(sides),
  };
}
