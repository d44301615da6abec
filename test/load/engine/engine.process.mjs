// @ts-check
import { now } from '../clock.mjs';
import { cpuMilliseconds } from '../processes/cpu.mjs';
import { serve } from '../processes/serve.mjs';
import { startApplication } from './application.mjs';
import { published } from './published.mjs';
import { deliverBy } from './stand-ins.mjs';

/** @typedef {import('./application.mjs').TriggerDefinition} TriggerDefinition */
/** @typedef {{ url: string, triggers: TriggerDefinition[], delivery: import('./stand-ins.mjs').Delivery, dispatcher?: { listen?: boolean }, settings?: import('./application.mjs').Settings, isHandled?: boolean, isMeasured?: boolean }} DispatchOptions */

/** @type {import('@nestjs/common').INestApplicationContext | undefined} */
let application;
let cpuBefore = 0;

serve({
  /** Brings tables and triggers into the database. */
  async attach(/** @type {{ url: string, triggers: TriggerDefinition[] }} */ options) {
    const attaching = await startApplication({ ...options, dispatcher: false });
    await attaching.close();
  },

  /** Starts to dispatch and says when the first page was asked for. */
  async dispatch(/** @type {DispatchOptions} */ { delivery, ...options }) {
    await deliverBy(delivery);
    const first = await watchFirstClaim();
    application = await startApplication(options);
    return { startedAt: await first.claimedAt };
  },

  /** Milliseconds of CPU since the first claim. */
  cpu: () => cpuMilliseconds() - cpuBefore,

  stop: () => application?.close(),
});

/** Once, then the method is the engine's own again. */
async function watchFirstClaim() {
  const { EventClaimer } = await published('pipeline/claim/event-claimer.js');
  const { claim } = EventClaimer.prototype;
  /** @type {Promise<number>} */
  const claimedAt = new Promise((resolve) => {
    /** @type {import('../../../lib/pipeline/claim/event-claimer.js').EventClaimer['claim']} */
    EventClaimer.prototype.claim = function claimFirst(...parameters) {
      EventClaimer.prototype.claim = claim;
      cpuBefore = cpuMilliseconds();
      resolve(now());
      return claim.apply(this, parameters);
    };
  });
  return { claimedAt };
}
