// @ts-check
/** Runs initdb or pg_ctl under the server's user and explains a failure. */
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Postgres tells the reason at the end; what precedes it is routine. */
const LINES_OF_LOG_IN_ERROR = 15;

/**
 * @typedef {object} ToolOptions
 * @property {import('./server-user.mjs').ServerUser | undefined} user
 * @property {string} workingDirectory
 * @property {string} serverLog
 */

/**
 * @param {string} tool
 * @param {string[]} parameters
 * @param {ToolOptions} options
 */
export async function runServerTool(tool, parameters, { user, workingDirectory, serverLog }) {
  // A file, not a pipe: the server that pg_ctl leaves running would hold a pipe open.
  const outputFile = join(workingDirectory, 'tool.log');
  const output = await open(outputFile, 'w', 0o600);
  try {
    const code = await new Promise((resolve, reject) => {
      const child = spawn(tool, parameters, {
        ...user,
        cwd: workingDirectory,
        env: serverEnvironment(),
        stdio: ['ignore', output.fd, output.fd],
        windowsHide: true,
      });
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (code === 0) return;
    const report = [await tail(outputFile), await tail(serverLog)].filter(Boolean).join('\n');
    throw new Error(
      `${basename(tool)} ${parameters.join(' ')} ended with code ${code}:\n${report}`,
    );
  } finally {
    await output.close();
  }
}

/** Variables such as PGPORT or PGDATA of the caller's shell mean another server. */
function serverEnvironment() {
  const own = Object.entries(process.env).filter(([name]) => !/^PG/i.test(name));
  return { ...Object.fromEntries(own), LC_ALL: 'C' };
}

/** @param {string} file */
async function tail(file) {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-LINES_OF_LOG_IN_ERROR).join('\n');
}
