import { buildOutdated } from '../../sample-app/build-outdated.mjs';
import { oneAtATime } from './one-at-a-time.js';

/** Builds the library and its console where they are older than their sources; other test files wait meanwhile. */
export async function buildLibrary(): Promise<void> {
  await oneAtATime('building the library', () => buildOutdated(['lib', 'console']));
}
