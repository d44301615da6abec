import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** Continuous integration has two cores; more workers would only fight for them and for Postgres. */
const parallelTestFiles = 2;
/** A test that waits for a delivery, a lease or a retry may take seconds; a hanging one must still be named. */
const testTimeout = 30_000;
/** Hooks create databases and start whole Nest applications. */
const hookTimeout = 60_000;

export default defineConfig({
  root: repository,
  resolve: {
    alias: { 'nestjs-event-triggers': fileURLToPath(new URL('../lib/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.spec.ts'],
    exclude: ['test/load/**', 'test/chaos/**'],
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: parallelTestFiles,
    testTimeout,
    hookTimeout,
  },
});
