/** Packs the package as it would be published, once for the whole run. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { buildOutdated } from '../../../sample-app/build-outdated.mjs';
import { runNpm } from '../../support/npm.mjs';
import { CACHE, makeCache } from './cache.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The file that `npm publish` would upload. */
    packedPackage: string;
  }
}

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

export default function setUp(project: TestProject): void {
  makeCache();
  buildOutdated(['lib', 'console']);
  // What prepack would build is built.
  const answer = runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', CACHE], {
    cwd: REPOSITORY,
    stdio: 'pipe',
  });
  const [packed] = JSON.parse(answer) as { filename: string }[];
  project.provide('packedPackage', join(CACHE, packed!.filename));
}
