// @ts-check
import { ratios } from '../report/statistics.mjs';
import { drainBy } from './drain-by.mjs';
import { cpuPerEvent, perSecond, problemsOf } from './drained.mjs';

/** @typedef {import('../run-bench.mjs').Bench} Bench */
/** @typedef {import('../report/report.mjs').Report} Report */

const SIGNED = {
  webhookSecret: 'a secret of thirty-two characters',
  signingKeys: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
};

/**
 * The whole way to a receiver: against a loop that does nothing but HTTP, and against the same engine on
 * `HttpService` as it comes.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function drainHttp(bench) {
  const { rounds, events } = bench;
  const sides = await drainBy(bench, { engine: {}, bare: 'bare', stock: { delivery: 'stock' } });
  const [rate, bare] = [perSecond(sides.engine, events), perSecond(sides.bare, events)];
  const stock = perSecond(sides.stock, events);
  return {
    title: `drain-http: ${events} events, 64 in flight, ${rounds} rounds`,
    lines: [
      { label: 'engine, events/s', samples: rate, key: 'eventsPerSecond' },
      { label: 'bare undici loop, requests/s', samples: bare },
      {
        label: 'engine / bare undici loop',
        samples: ratios(rate, bare),
        digits: 2,
        key: 'ofBareLoop',
        mark: { atLeast: 0.55 },
      },
      { label: 'engine on stock HttpService, events/s', samples: stock },
      {
        label: 'engine / engine on stock HttpService',
        samples: ratios(rate, stock),
        digits: 2,
        key: 'ofStockHttpService',
        mark: { atLeast: 4 },
      },
      {
        label: 'engine, Node CPU µs/event',
        samples: cpuPerEvent(sides.engine, events),
        digits: 1,
      },
      {
        label: 'bare undici loop, Node CPU µs/request',
        samples: cpuPerEvent(sides.bare, events),
        digits: 1,
      },
    ],
    problems: problemsOf(sides),
  };
}

/**
 * With the webhook secret and a signature on each request, against a loop that does nothing but HTTP.
 *
 * @param {Bench} bench
 * @returns {Promise<Report>}
 */
export async function drainSigned(bench) {
  const { rounds, events } = bench;
  const sides = await drainBy(bench, { signed: { settings: SIGNED }, bare: 'bare' });
  const [rate, bare] = [perSecond(sides.signed, events), perSecond(sides.bare, events)];
  return {
    title: `drain-signed: ${events} events with secret and signature, 64 in flight, ${rounds} rounds`,
    lines: [
      { label: 'engine, events/s', samples: rate, key: 'eventsPerSecond' },
      { label: 'bare undici loop, requests/s', samples: bare },
      {
        label: 'engine / bare undici loop',
        samples: ratios(rate, bare),
        digits: 2,
        key: 'ofBareLoop',
        mark: { atLeast: 0.5 },
      },
      {
        label: 'engine, Node CPU µs/event',
        samples: cpuPerEvent(sides.signed, events),
        digits: 1,
      },
      {
        label: 'bare undici loop, Node CPU µs/request',
        samples: cpuPerEvent(sides.bare, events),
        digits: 1,
      },
    ],
    problems: problemsOf(sides),
  };
}
