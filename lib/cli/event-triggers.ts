#!/usr/bin/env node
import { commandLine } from './command-line.js';
import { exitCodeOf } from './failure.js';
import { Terminal } from './terminal.js';

// Whoever reads may have seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = commandLine();
try {
  await program.parseAsync();
} catch (error) {
  const { json = false, quiet = false } = program.opts<{ json?: boolean; quiet?: boolean }>();
  process.exitCode = exitCodeOf(error, new Terminal({ json, quiet }));
}
// The application of the host, where one was made, may keep timers of its own.
await new Promise((written) => process.stdout.write('', written));
process.exit();
