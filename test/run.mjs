// @ts-check
/**
 * `npm test`: installs what is missing and runs all tests against a real Postgres.
 * What follows `npm test --` goes to vitest, for example a part of a file name.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installMissing } from './support/install-missing.mjs';

installMissing();

const repository = fileURLToPath(new URL('..', import.meta.url));
const tests = spawn(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/vitest.config.ts',
    ...process.argv.slice(2),
  ],
  { cwd: repository, stdio: 'inherit', env: { ...process.env, NODE_ENV: 'test' } },
);

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => tests.kill(signal));
}
tests.once('exit', (code, signal) => {
  process.exitCode = code ?? 1;
  if (signal) console.error(`The tests were ended by ${signal}`);
});
