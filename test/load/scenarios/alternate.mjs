// @ts-check

/**
 * Measures the sides in turn, round by round, and begins each round with another one: what the machine does
 * meanwhile, and what a side leaves behind, then falls on all of them alike.
 *
 * @template {string} Side
 * @template Result
 * @param {number} rounds
 * @param {Record<Side, () => Promise<Result>>} sides
 * @returns {Promise<Record<Side, Result[]>>} by side, a result per round
 */
export async function alternate(rounds, sides) {
  const names = /** @type {Side[]} */ (Object.keys(sides));
  /** @type {Record<string, Result[]>} */
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const place of names.keys()) {
      const name = /** @type {Side} */ (names[(round + place) % names.length]);
      console.error(`  round ${round + 1} of ${rounds}: ${name}`);
      results[name]?.push(await sides[name]());
    }
  }
  return /** @type {Record<Side, Result[]>} */ (results);
}
