// @ts-check
/**
 * `npm run chaos`: dispatchers, writers and a flaky receiver, and everything that befalls them in a bad year.
 * Whoever lost an event, or turned two of a row round, ends it with 1.
 *
 * Only Node's own modules may be used before the installation is complete.
 */
import { parseArgs } from 'node:util';
import { buildOutdated } from '../../sample-app/build-outdated.mjs';
import { installMissing } from '../support/install-missing.mjs';

/** Start, the rest of the deliveries and the end take less; a run that takes longer hangs, and hanging is failing. */
const ENDS_WITHIN_SECONDS = 300;

const USAGE = `Usage: node test/chaos/chaos.mjs [--seconds 120] [--seed N] [--replicas 3] [--writers 4] [--json]

  --seconds   how long incidents go on; then all that is left has to be delivered
  --seed      repeats the schedule of an earlier run
  --replicas  processes that dispatch
  --writers   connections that write; every other one commits asynchronously
  --json      ends the output with the report as one line of JSON

  It brings a Postgres of its own and talks to 127.0.0.1 only.`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    replicas: { type: 'string', default: '3' },
    writers: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const numbers = {
  seconds: Number(values.seconds),
  seed: Number(values.seed),
  replicas: Number(values.replicas),
  writers: Number(values.writers),
};

if (values.help) {
  console.log(USAGE);
} else if (Object.values(numbers).some((number) => !Number.isSafeInteger(number) || number < 0)) {
  console.error(`Numbers have to be whole.\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  installMissing();
  // What is published is what is put to the test.
  buildOutdated();
  const { runChaos } = await import('./run-chaos.mjs');
  setTimeout(
    () => {
      console.error(`Did not end within ${ENDS_WITHIN_SECONDS} s of the last incident.`);
      process.exit(1);
    },
    (numbers.seconds + ENDS_WITHIN_SECONDS) * 1_000,
  ).unref();
  process.exitCode = (await runChaos({ ...numbers, json: values.json })) ? 0 : 1;
}
