// @ts-check
import { parseArgs } from 'node:util';

const SCENARIOS = /** @type {const} */ ([
  'capture',
  'drain-noop',
  'drain-http',
  'drain-signed',
  'bundles',
  'handler',
  'metrics',
  'latency',
  'replicas',
  'dead-endpoint',
  'backlog',
  'partitions',
  'idle',
  'order',
  'wal',
  'held-xmin',
  'admin',
]);

/** Enough for a median that one disturbed round does not move. */
const ROUNDS = 5;
/** Some seconds of draining: long enough that the start of a process does not show. */
const EVENTS = 50_000;

/** @typedef {(typeof SCENARIOS)[number]} ScenarioName */
/**
 * @typedef {object} Command
 * @property {ScenarioName[]} scenarios
 * @property {number} rounds How often each side is measured.
 * @property {number} events Events of one round of draining.
 * @property {boolean} json Whether a line of JSON per scenario ends the output.
 * @property {boolean} help
 */

export const USAGE = `Usage: node test/load/bench.mjs [scenario…] [--rounds ${ROUNDS}] [--events ${EVENTS}] [--json]

  Scenarios: ${SCENARIOS.join(', ')}. Default: all, one after the other.
  --rounds   how often each side is measured; figures are medians
  --events   events that are captured and then drained in each round
  --json     ends the output with one line {"scenario": …, "figures": {…}} per scenario

  It brings a Postgres of its own, unless DATABASE_URL names a server on which it may create databases.
  It ends with 1 when a count differs: an event that is missing, doubled or not recorded.`;

/**
 * @param {string[]} parameters
 * @returns {Command | { problem: string }}
 */
export function readCommandLine(parameters) {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: `${ROUNDS}` },
        events: { type: 'string', default: `${EVENTS}` },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return {
      scenarios: scenariosNamed(positionals),
      rounds: countOf('--rounds', values.rounds),
      events: countOf('--events', values.events),
      json: values.json,
      help: values.help,
    };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {string[]} names */
function scenariosNamed(names) {
  const unknown = names.find((name) => !SCENARIOS.some((known) => known === name));
  if (unknown !== undefined) throw new RangeError(`There is no scenario '${unknown}'.`);
  return SCENARIOS.filter((known) => names.length === 0 || names.includes(known));
}

/**
 * @param {string} option
 * @param {string} text
 */
function countOf(option, text) {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new RangeError(`${option} must be a whole number from 1, not '${text}'.`);
}
