import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/**
 * The name of the host's package: of the nearest package.json with a name above the program that runs.
 *
 * A program under node_modules is a tool that runs the host (a test runner, a process manager); then the
 * working directory tells whose code it is.
 */
export function applicationName(
  program: string | undefined = process.argv[1],
  workingDirectory: string = process.cwd(),
): string | undefined {
  const isTool = program?.split(sep).includes('node_modules') ?? true;
  const places = isTool || !program ? [workingDirectory] : [dirname(program), workingDirectory];
  for (const place of places) {
    const name = packageNameAbove(place);
    if (name !== undefined) return name;
  }
  return undefined;
}

function packageNameAbove(folder: string): string | undefined {
  const file = join(folder, 'package.json');
  const name = existsSync(file) ? nameIn(file) : undefined;
  const parent = dirname(folder);
  return name ?? (parent === folder ? undefined : packageNameAbove(parent));
}

function nameIn(file: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    // Unreadable or malformed: as good as none.
    return undefined;
  }
}
