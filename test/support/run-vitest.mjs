// @ts-check
/** Runs the tests of one configuration as a process of its own, and ends with its code. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {string} configuration its path in the repository
 * @param {string[]} parameters for vitest
 */
export function runVitest(configuration, parameters) {
  const tests = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', configuration, ...parameters],
    { cwd: REPOSITORY, stdio: 'inherit', env: { ...process.env, NODE_ENV: 'test' } },
  );
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(signal, () => tests.kill(signal));
  }
  tests.once('exit', (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal) console.error(`The tests were ended by ${signal}`);
  });
}
