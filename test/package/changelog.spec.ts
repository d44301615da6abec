import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { releasesIn } from '../../.ci/changelog.mjs';

const read = (file: string): Promise<string> =>
  readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('the changelog', () => {
  it('begins with the version of package.json', async () => {
    const { version } = JSON.parse(await read('package.json')) as { version: string };
    const [newest] = releasesIn(await read('lib/CHANGELOG.md'));
    expect(newest?.version, 'who changes one of the two changes the other').toBe(version);
  });

  it('has only its newest version unreleased, and none before an older one', async () => {
    const [, ...older] = releasesIn(await read('lib/CHANGELOG.md'));
    const days = older.map(({ day }) => day);
    expect(days).not.toContain('unreleased');
    expect(days, 'newest first').toEqual(days.toSorted().toReversed());
  });

  it('names a heading that says neither version nor day', () => {
    expect(() => releasesIn('# Changelog\n\n## Version two\n')).toThrow(
      `'## Version two' in lib/CHANGELOG.md should be like '## 1.2.3 (2027-01-31)'`,
    );
  });
});
