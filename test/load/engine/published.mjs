// @ts-check
/**
 * A file of the built package. What the package exports is imported by its name; the few internals that a
 * measurement has to get at stand in files of their own, which no user can import.
 *
 * @param {string} file relative to dist
 */
export async function published(file) {
  return await import(new URL(`../../../dist/${file}`, import.meta.url).href);
}
