// @ts-check
/** Loaded into the app by start.mjs: without it and its database the app is of no use. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel says when the parent has gone; it is no reason to go on running.
process.channel?.unref();
