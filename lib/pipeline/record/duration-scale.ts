/** Each place reaches a fifth further than the one before: nobody needs to know a percentile better. */
const STEP = 1.2;

/** The place of a duration on the scale. The first one reaches to a millisecond. */
export function placeOnScale(milliseconds: number): number {
  return Math.max(0, Math.ceil(Math.log(milliseconds) / Math.log(STEP)));
}

/** Milliseconds up to which a place reaches. */
export const reachOfPlace = (place: number): number => STEP ** place;

/**
 * The duration that so many of all do not exceed, to a fifth; null of none.
 *
 * @param counts how many lie at each place
 * @param share from 0 to 1
 */
export function percentile(counts: ReadonlyMap<number, number>, share: number): number | null {
  const places = [...counts.keys()].toSorted((one, other) => one - other);
  const all = places.reduce((sum, place) => sum + (counts.get(place) ?? 0), 0);
  let reached = 0;
  for (const place of places) {
    reached += counts.get(place) ?? 0;
    if (reached >= all * share && reached > 0) return Math.round(reachOfPlace(place));
  }
  return null;
}
