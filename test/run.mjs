// @ts-check
/**
 * `npm test`: installs what is missing and runs all tests against a real Postgres.
 * What follows `npm test --` goes to vitest, for example a part of a file name.
 */
import { installMissing } from './support/install-missing.mjs';
import { runVitest } from './support/run-vitest.mjs';

installMissing();
runVitest('test/vitest.config.ts', process.argv.slice(2));
