import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const source = (file: string): string =>
  fileURLToPath(new URL(`../../lib/${file}`, import.meta.url));

/** Continuous integration has two cores, and each file starts processes. */
const parallelTestFiles = 2;
/** A check may start an application, whose compiled modules are read for the first time. */
const testTimeout = 60_000;
/** The first hook of a file installs and compiles. */
const hookTimeout = 300_000;

export default defineConfig({
  root: repository,
  resolve: {
    // For the tests themselves; the applications have the packed package.
    alias: { 'nestjs-event-triggers/testing': source('testing/testing.ts') },
  },
  test: {
    include: ['test/hosts/**/*.spec.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/hosts/support/global-setup.ts'],
    reporters: ['verbose', './test/support/unfinished-reporter.ts'],
    maxWorkers: parallelTestFiles,
    testTimeout,
    hookTimeout,
  },
});
