// @ts-check
const MILLISECONDS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MILLISECOND = 1_000;

/**
 * What one round of draining came to, on either side.
 *
 * @typedef {object} Drained
 * @property {number} milliseconds
 * @property {number} cpu Milliseconds of the sending process.
 * @property {number} [walBytes]
 * @property {number} [deadRows]
 * @property {string[]} problems
 */

/**
 * @param {Drained[]} rounds
 * @param {number} events
 */
export const perSecond = (rounds, events) =>
  rounds.map(({ milliseconds }) => (events / milliseconds) * MILLISECONDS_PER_SECOND);

/**
 * @param {Drained[]} rounds
 * @param {number} events
 */
export const cpuPerEvent = (rounds, events) =>
  rounds.map(({ cpu }) => (cpu * MICROSECONDS_PER_MILLISECOND) / events);

/**
 * @param {Drained[]} rounds
 * @param {'walBytes' | 'deadRows'} what
 * @param {number} events
 */
export const perEvent = (rounds, what, events) =>
  rounds.map((round) => (round[what] ?? Number.NaN) / events);

/** @param {Record<string, Drained[]>} sides */
export const problemsOf = (sides) =>
  Object.entries(sides).flatMap(([side, rounds]) =>
    rounds.flatMap(({ problems }, round) =>
      problems.map((problem) => `${side}, round ${round + 1}: ${problem}`),
    ),
  );
