// @ts-check
/** `npm run api`: writes the golden reports of the public API anew, and takes away those of what is no more. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOutdated } from '../../sample-app/build-outdated.mjs';
import { entryPoints, reportOf } from './api-reports.mjs';

buildOutdated(['lib', 'console']);

const reports = fileURLToPath(new URL('api', import.meta.url));
mkdirSync(reports, { recursive: true });
const wanted = entryPoints();
for (const entryPoint of wanted) {
  writeFileSync(entryPoint.report, await reportOf(entryPoint));
}
for (const path of readdirSync(reports).map((name) => join(reports, name))) {
  if (!wanted.some(({ report }) => report === path)) rmSync(path);
}
console.log(
  'Look at what has changed in test/package/api, and tell users of it in lib/CHANGELOG.md.',
);
