// @ts-check
import { HelperProcess } from '../../processes/helper-process.mjs';

const PROCESS = new URL('bare-loop.process.mjs', import.meta.url);

/**
 * One round of the control: a loop over undici and nothing else, to the same receiver.
 *
 * @param {{ receiver: import('../../receiver/receiver.mjs').Receiver, events: number }} options
 * @returns {Promise<import('../../scenarios/drained.mjs').Drained>}
 */
export async function postBare({ receiver, events }) {
  await receiver.begin();
  const loop = new HelperProcess(PROCESS);
  try {
    const posted = await loop.ask('post', { url: receiver.url, events });
    const { distinct } = await receiver.received();
    const problems = distinct === events ? [] : [`the receiver saw ${distinct} of ${events} ids`];
    return { ...posted, problems };
  } finally {
    await loop.end();
  }
}
