// @ts-check
/** Loaded into the app by start.mjs: without it and its database the app is of no use. */
import { rmSync } from 'node:fs';

process.once('disconnect', () => {
  const folder = process.env['RUN_FOLDER'];
  // Who broke off without waiting for us was killed, and could not tidy up.
  if (folder) rmSync(folder, { recursive: true, force: true });
  process.kill(process.pid, 'SIGTERM');
});
// The channel says when the parent has gone; it is no reason to go on running.
process.channel?.unref();
