// @ts-check
/** Runs npm, also where nobody has a shell. Only Node's own modules may be used here. */
import { spawnSync } from 'node:child_process';

/**
 * @param {string[]} parameters
 * @param {{ cwd: string, stdio?: 'inherit' | 'pipe' }} options
 * @throws Error that says in which folder to repeat it, with what npm said unless that was shown
 */
export function runNpm(parameters, { cwd, stdio = 'inherit' }) {
  const { command, before, viaShell } = npm();
  const { status, error, stdout, stderr } = spawnSync(command, [...before, ...parameters], {
    cwd,
    stdio,
    encoding: 'utf8',
    shell: viaShell,
  });
  if (status === 0) return stdout ?? '';
  const said = stdio === 'pipe' ? `\n${stdout ?? ''}${stderr ?? ''}` : '';
  throw new Error(
    `'npm ${parameters.join(' ')}' ended with ${error?.message ?? `code ${status}`}. ` +
      `Run it by hand in ${cwd} to see why.${said}`,
  );
}

/** The npm that runs us, or else the one on the PATH, which is a batch file on Windows. */
function npm() {
  const running = process.env['npm_execpath'];
  if (running?.endsWith('npm-cli.js')) {
    return { command: process.execPath, before: [running], viaShell: false };
  }
  return { command: 'npm', before: [], viaShell: process.platform === 'win32' };
}
