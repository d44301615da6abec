import { execFile } from 'node:child_process';
import { join } from 'node:path';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line of the package that a host has installed. */
export function eventTriggers(host: string, parameters: readonly string[]): Promise<CommandResult> {
  const program = join(host, 'node_modules', '.bin', 'event-triggers');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...parameters], { cwd: host }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}
