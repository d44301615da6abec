// @ts-check
/**
 * `npm run hosts`: the packed package in applications of other people.
 * What follows `npm run hosts --` names parts of it: `npm run hosts -- nest-11 pgbouncer`.
 */
import { installMissing } from '../support/install-missing.mjs';
import { runVitest } from '../support/run-vitest.mjs';

installMissing();
runVitest('test/hosts/vitest.config.ts', process.argv.slice(2));
