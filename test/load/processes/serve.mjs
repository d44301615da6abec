// @ts-check
/** The side of a helper process: it carries out what helper-process.mjs asks for, and ends with its parent. */

/** @typedef {{ id: number, task: string, parameters: unknown }} Request */
/** @typedef {{ id: number, result: unknown } | { id: number, failure: string }} Reply */

/** @param {Record<string, (parameters: any) => unknown>} tasks */
export function serve(tasks) {
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    const { id, task, parameters } = /** @type {Request} */ (message);
    Promise.resolve()
      .then(() => tasks[task]?.(parameters))
      .then(
        (result) => reply({ id, result }),
        (error) => reply({ id, failure: String(error?.stack ?? error) }),
      );
  });
}

/** @param {Reply} message */
function reply(message) {
  if (process.connected) process.send?.(message);
}
