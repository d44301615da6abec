import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const repository = fileURLToPath(new URL('..', import.meta.url));
const source = (file: string): string => fileURLToPath(new URL(`../lib/${file}`, import.meta.url));

/** Continuous integration has two cores; more workers would only fight for them and for Postgres. */
const parallelTestFiles = 2;
/** They measure times or count calls: what others compute beside them would be measured too. */
const timed = [
  'test/journeys/suspension.spec.ts',
  'test/pipeline/isolation.spec.ts',
  'test/pipeline/wake-up.spec.ts',
];
/** A test that waits for a delivery, a lease or a retry may take seconds; a hanging one must still be named. */
const testTimeout = 30_000;
/** Hooks create databases and start whole Nest applications. */
const hookTimeout = 60_000;

export default defineConfig({
  root: repository,
  resolve: {
    alias: {
      'nestjs-event-triggers/health': source('telemetry/event-triggers-health.module.ts'),
      'nestjs-event-triggers/metrics': source('telemetry/event-triggers-metrics.module.ts'),
      'nestjs-event-triggers/testing': source('testing/testing.ts'),
      'nestjs-event-triggers/tracing': source('telemetry/event-triggers-tracing.module.ts'),
      'nestjs-event-triggers': source('index.ts'),
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: ['test/**/*.spec.ts'],
          exclude: ['test/load/**', 'test/chaos/**', 'test/hosts/**', ...timed],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: timed, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/unfinished-reporter.ts'],
    maxWorkers: parallelTestFiles,
    testTimeout,
    hookTimeout,
  },
});
