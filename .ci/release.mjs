// @ts-check
/**
 * `npm run release`: tells all that stands in the way of a release, runs the whole check, and shows what would be published.
 * `npm run release -- --publish` publishes it, with a provenance: the registry then shows which commit and which job it
 * was built from. Only a job of continuous integration can have that vouched for, so only there it publishes.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releasesIn } from './changelog.mjs';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const USAGE = 'Usage: npm run release [-- --dry-run | --publish]';

const publish = isToPublish();
const { version, repository, publishConfig } = JSON.parse(read('package.json'));

const refusals = [
  ...uncommitted(),
  ...unlikeChangelog(),
  ...unlikeRegistry(),
  ...(publish ? withoutWitness() : []),
];
if (refusals.length > 0) {
  end(`${version} cannot be released:\n${refusals.map((line) => `- ${line}`).join('\n')}`, 1);
}

if (run('bash', ['.ci/run']) !== 0) {
  end(`${version} cannot be released: the checks failed, and say above what to mend.`, 1);
}
const changedMeanwhile = uncommitted();
if (changedMeanwhile.length > 0) {
  end(`${version} cannot be released: the checks left something behind. ${changedMeanwhile[0]}`, 1);
}

const flags = ['--provenance', '--access', 'public', ...(publish ? [] : ['--dry-run'])];
const npm = process.env['npm_execpath'];
const status = npm
  ? run(process.execPath, [npm, 'publish', ...flags])
  : run('npm', ['publish', ...flags]);
if (status !== 0) end(`npm did not publish ${version}, and says above why.`, 1);
console.log(
  publish
    ? `${version} is published.`
    : `${version} can be released; nothing was published. Do so with: npm run release -- --publish`,
);

/** Nothing leaves this machine unless that is asked for in so many words. */
function isToPublish() {
  try {
    const { values } = parseArgs({
      options: { publish: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
    });
    if (values.publish && values['dry-run']) end(`Only one of the two is possible.\n${USAGE}`, 2);
    return values.publish ?? false;
  } catch (error) {
    return end(`${/** @type {Error} */ (error).message}\n${USAGE}`, 2);
  }
}

/** What is published has to be found again in the history. */
function uncommitted() {
  const { stdout, stderr, status } = spawnSync('git', ['status', '--porcelain'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  if (status !== 0) return [`git cannot tell whether all is committed: ${stderr.trim()}`];
  const files = stdout.split('\n').filter(Boolean);
  return files.length === 0
    ? []
    : [
        `Not everything is committed: commit or remove ${files.map((line) => line.slice(3)).join(', ')}.`,
      ];
}

function unlikeChangelog() {
  const [newest] = releasesIn(read('lib/CHANGELOG.md'));
  if (!newest || newest.version !== version) {
    return [
      `package.json has version ${version}, and the newest section of lib/CHANGELOG.md is ${newest?.version ?? 'missing'}: ` +
        'bring them in line.',
    ];
  }
  if (newest.day !== 'unreleased') return [];
  return [
    `lib/CHANGELOG.md calls ${version} unreleased: write the day of the release into its heading, as (2027-01-31).`,
  ];
}

/** The registry accepts a provenance only for the repository that the package names. */
function unlikeRegistry() {
  const missing = [];
  const url = typeof repository === 'string' ? repository : repository?.url;
  if (!url) {
    missing.push(
      'package.json has no `repository`, which a provenance is compared with: add ' +
        '"repository": { "type": "git", "url": "git+https://…" } with the address that continuous integration builds from.',
    );
  }
  if (publishConfig?.access !== 'public' || publishConfig?.provenance !== true) {
    missing.push(
      'package.json lets it be published without provenance: set "publishConfig": { "access": "public", "provenance": true }.',
    );
  }
  return missing;
}

/** npm would say so too, but only after the checks, which take long. */
function withoutWitness() {
  const { ACTIONS_ID_TOKEN_REQUEST_URL, SIGSTORE_ID_TOKEN } = process.env;
  if (ACTIONS_ID_TOKEN_REQUEST_URL || SIGSTORE_ID_TOKEN) return [];
  return [
    'Nobody here can vouch for where it is built: publish from a job of GitHub Actions with the permission ' +
      '`id-token: write`, or of GitLab with the id token SIGSTORE_ID_TOKEN for the audience `sigstore`.',
  ];
}

/** @param {string} file relative to the repository */
function read(file) {
  return readFileSync(`${REPOSITORY}/${file}`, 'utf8');
}

/**
 * @param {string} command
 * @param {string[]} parameters
 */
function run(command, parameters) {
  return spawnSync(command, parameters, { cwd: REPOSITORY, stdio: 'inherit' }).status;
}

/**
 * @param {string} message
 * @param {number} code
 * @returns {never}
 */
function end(message, code) {
  console.error(message);
  process.exit(code);
}
