// @ts-check
/** The public API as text, one report for each name by which the package can be imported. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { format, resolveConfig } from 'prettier';
import { declarationsIn, visibleIn } from './api-declarations.mjs';

const REPORT = 'entry.api.md';
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @typedef {object} EntryPoint
 * @property {string} specifier what users import from
 * @property {string} types its declarations, relative to the repository
 * @property {string} report where its golden report lies
 */

/** @returns {EntryPoint[]} those in `exports` of package.json that have types */
export function entryPoints() {
  const { name, exports } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([subpath, { types }]) =>
    types
      ? {
          specifier: subpath.replace('.', name),
          types,
          report: fileURLToPath(
            new URL(`api/${subpath.slice(2) || 'index'}.api.md`, import.meta.url),
          ),
        }
      : [],
  );
}

/**
 * Reads the built declarations, which have to be up to date.
 *
 * @param {EntryPoint} entryPoint
 * @returns {Promise<string>}
 */
export async function reportOf({ specifier, types, report }) {
  const folder = mkdtempSync(join(tmpdir(), 'event-triggers-api-'));
  try {
    /** @type {string[]} */
    const problems = [];
    const { succeeded } = Extractor.invoke(configuration(types, folder), {
      localBuild: true,
      messageCallback: (message) => {
        if (message.logLevel === ExtractorLogLevel.Error)
          problems.push(message.formatMessageWithLocation(REPOSITORY));
        message.handled = true;
      },
    });
    if (!succeeded) throw new Error(`No report of ${specifier}:\n${problems.join('\n')}`);
    const text = [
      `# ${specifier}`,
      'What can be imported from it, and what that mentions. `npm run api` writes it anew.',
      `\`\`\`ts\n${visibleIn(codeOf(readFileSync(join(folder, REPORT), 'utf8')))}\n\`\`\``,
    ].join('\n\n');
    return await format(text, { ...(await resolveConfig(report)), filepath: report });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Names of what was added, taken away or changed.
 *
 * @param {string} golden
 * @param {string} current
 * @returns {string[]} such as `EventFilter (changed)`
 */
export function changesBetween(golden, current) {
  const [before, after] = [formsByName(golden), formsByName(current)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map(
      (name) => `${name} (${!before.has(name) ? 'new' : !after.has(name) ? 'gone' : 'changed'})`,
    );
}

/**
 * @param {string} types
 * @param {string} folder
 */
function configuration(types, folder) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: REPOSITORY,
      newlineKind: 'lf',
      mainEntryPointFilePath: join(REPOSITORY, types),
      compiler: { tsconfigFilePath: join(REPOSITORY, 'lib/tsconfig.json') },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: REPORT,
        reportFolder: folder,
        reportTempFolder: folder,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(REPOSITORY, 'package.json'),
  });
}

/** @param {string} report in Markdown */
function codeOf(report) {
  return /^```ts\n(?<code>.*?)^```/ms.exec(report)?.groups?.['code'] ?? '';
}

/** @param {string} report */
function formsByName(report) {
  return new Map(declarationsIn(codeOf(report)).map(({ name, text }) => [name, text.trim()]));
}
