// @ts-check
/** The headings of lib/CHANGELOG.md: `## 1.2.3 (2027-01-31)`, or `(unreleased)` while the version is written. */

const HEADING = /^## (?<version>\S+) \((?<day>unreleased|\d{4}-\d{2}-\d{2})\)$/;

/**
 * @typedef {object} Release
 * @property {string} version
 * @property {string} day of the release, or `unreleased`
 */

/**
 * @param {string} changelog
 * @returns {Release[]} newest first, as they stand there
 * @throws where a heading of the second level is none of a version
 */
export function releasesIn(changelog) {
  return changelog
    .split('\n')
    .filter((line) => line.startsWith('## '))
    .map((line) => {
      const { version, day } = HEADING.exec(line)?.groups ?? {};
      if (version && day) return { version, day };
      throw new Error(
        `'${line}' in lib/CHANGELOG.md should be like '## 1.2.3 (2027-01-31)' or '## 1.2.3 (unreleased)'.`,
      );
    });
}
