// @ts-check
/**
 * `npm run bench`: what event triggers cost and how fast they go out, each beside its control in the same run.
 *
 * Only Node's own modules may be used before the installation is complete.
 */
import { buildOutdated } from '../../sample-app/build-outdated.mjs';
import { installMissing } from '../support/install-missing.mjs';
import { readCommandLine, USAGE } from './command-line.mjs';

const command = readCommandLine(process.argv.slice(2));

if ('problem' in command) {
  console.error(`${command.problem}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (command.help) {
  console.log(USAGE);
} else {
  installMissing();
  // What is published is what is measured.
  buildOutdated();
  const { runBench } = await import('./run-bench.mjs');
  process.exitCode = (await runBench(command)) ? 0 : 1;
}
