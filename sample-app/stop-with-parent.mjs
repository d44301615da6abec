// @ts-check
const A_SECOND = 1000;

/**
 * Ends this process, by the signal that it cleans up after, when the one that started it is gone:
 * npm does not pass on every signal that it dies of. Windows never tells.
 */
export function stopWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, A_SECOND);
  watch.unref();
}
