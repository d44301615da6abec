import { spawn, type ChildProcess } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = 'dist/cli/event-triggers.js';

/** What a shell would see. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Beside the options that name the database and the application `test`. */
  readonly url?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Called with the process as soon as it runs. */
  readonly whileRunning?: (process: ChildProcess) => void | Promise<void>;
}

/** Runs the built program and waits for its end. */
export async function eventTriggers(
  parameters: readonly string[],
  { url, env = {}, input, whileRunning }: RunOptions = {},
): Promise<Outcome> {
  const { DATABASE_URL: _, ...surroundings } = process.env;
  const common = url === undefined ? [] : ['--url', url, '--application', 'test'];
  const child = spawn(process.execPath, [PROGRAM, ...parameters, ...common], {
    cwd: REPOSITORY,
    env: { ...surroundings, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input ?? '');
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  await whileRunning?.(child);
  const [stdout, stderr] = await output;
  return { code: await ended, stdout, stderr };
}

/** The result of one that has to succeed. */
export async function resultOf<Result>(
  url: string,
  ...parameters: readonly string[]
): Promise<Result> {
  const { code, stdout, stderr } = await eventTriggers([...parameters, '--json'], { url });
  if (code !== 0) throw new Error(`event-triggers ${parameters.join(' ')}: ${code} ${stderr}`);
  return JSON.parse(stdout) as Result;
}
