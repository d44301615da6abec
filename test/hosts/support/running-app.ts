import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CompiledApps } from './compiled-apps.js';

/** A process that goes on after this is ended hard: it does not shut down as it should. */
const STOPS_WITHIN_MS = 20_000;
const STARTS_WITHIN_MS = 40_000;

/** An application that runs in a process of its own, and has nothing of this repository but the packed package. */
export interface RunningApp {
  readonly url: string;
  /** What it has printed. */
  output(): string;
  /** Ends it as an orchestrator would, and returns how it ended. */
  stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface AppOptions {
  /** Its variables, beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: the Node that runs this. */
  readonly node?: string;
}

/**
 * Starts one of the applications and waits until it listens.
 *
 * @throws Error with what it printed, where it ends instead
 */
export async function startApp(
  { folder }: CompiledApps,
  name: string,
  { env, node = process.execPath }: AppOptions,
): Promise<RunningApp> {
  const child = spawn(node, [join(folder, `${name}.js`)], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let printed = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;

  const expected = `Expected ${name} to listen`;
  let overdue: NodeJS.Timeout | undefined;
  try {
    const { url } = await Promise.race([
      once(child, 'message').then(([message]) => message as { url: string }),
      ended.then(([code]) => {
        throw new Error(`${expected}, but it ended with code ${code}:\n${printed}`);
      }),
      new Promise<never>((_, reject) => {
        overdue = setTimeout(() => {
          child.kill('SIGKILL');
          reject(new Error(`${expected} within ${STARTS_WITHIN_MS} ms, but:\n${printed}`));
        }, STARTS_WITHIN_MS);
      }),
    ]);
    return {
      url,
      output: () => printed,
      async stop() {
        const hard = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
        child.kill('SIGTERM');
        const [code, signal] = await ended;
        clearTimeout(hard);
        return { code, signal };
      },
    };
  } finally {
    clearTimeout(overdue);
  }
}
