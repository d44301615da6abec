import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const CI = fileURLToPath(new URL('../../.ci', import.meta.url));
const MANIFEST = {
  name: 'released',
  version: '1.2.3',
  type: 'module',
  repository: { type: 'git', url: 'git+https://example.com/released.git' },
  publishConfig: { access: 'public', provenance: true },
};
/** What a job of GitHub Actions has that may ask for a token. */
const WITNESS = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.invalid' };

/** A repository that may be released, with checks that pass and an npm that only writes down what it is asked. */
class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), 'event-triggers-release-'));

  constructor() {
    cpSync(CI, join(this.folder, '.ci'), { recursive: true });
    this.write('.ci/run', 'echo checked >> "$CHECKED"');
    this.write('package.json', JSON.stringify(MANIFEST));
    mkdirSync(join(this.folder, 'lib'));
    this.write('lib/CHANGELOG.md', '# Changelog\n\n## 1.2.3 (2027-01-31)\n');
    this.git('init', '--quiet');
    this.commit();
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  commit(): void {
    this.git('add', '--all');
    this.git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-q', '-m', 'All');
  }

  release(parameters: string[] = [], environment: NodeJS.ProcessEnv = {}) {
    const npm = this.beside('npm.mjs');
    writeFileSync(
      npm,
      `import { writeFileSync } from 'node:fs';
       writeFileSync(${JSON.stringify(this.beside('asked'))}, process.argv.slice(2).join(' '));`,
    );
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['.ci/release.mjs', ...parameters],
      {
        cwd: this.folder,
        encoding: 'utf8',
        env: {
          PATH: process.env['PATH'],
          npm_execpath: npm,
          CHECKED: this.beside('checked'),
          ...environment,
        },
      },
    );
    return { status, said: stdout + stderr };
  }

  /** What npm was asked, or undefined. */
  get asked(): string | undefined {
    const file = this.beside('asked');
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  get isChecked(): boolean {
    return existsSync(this.beside('checked'));
  }

  remove(): void {
    for (const path of ['', '.npm.mjs', '.asked', '.checked']) {
      rmSync(this.folder + path, { recursive: true, force: true });
    }
  }

  /** Outside, as it would be uncommitted within. */
  private beside(name: string): string {
    return `${this.folder}.${name}`;
  }

  private git(...parameters: string[]): void {
    const { status, stderr } = spawnSync('git', parameters, { cwd: this.folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${parameters.join(' ')}: ${stderr}`);
  }
}

describe('npm run release', () => {
  let repository: Repository;
  beforeEach(() => {
    repository = new Repository();
  });
  afterEach(() => repository.remove());

  it('runs the checks and publishes nothing, unless it is told to', () => {
    const { status, said } = repository.release();
    expect(said).toContain('1.2.3 can be released; nothing was published');
    expect(status).toBe(0);
    expect(repository.isChecked).toBe(true);
    expect(repository.asked).toBe('publish --provenance --access public --dry-run');
  });

  it('publishes with a provenance where a job of continuous integration vouches for it', () => {
    const { status, said } = repository.release(['--publish'], WITNESS);
    expect(said).toContain('1.2.3 is published');
    expect(status).toBe(0);
    expect(repository.isChecked).toBe(true);
    expect(repository.asked).toBe('publish --provenance --access public');
  });

  it('publishes nothing whose checks fail', () => {
    repository.write('.ci/run', 'exit 1');
    repository.commit();
    const { status, said } = repository.release(['--publish'], WITNESS);
    expect(said).toContain('1.2.3 cannot be released: the checks failed');
    expect(status).toBe(1);
    expect(repository.asked).toBeUndefined();
  });

  it.each<[why: string, spoil: (spoilt: Repository) => void, sentence: string]>([
    [
      'what is not committed',
      (spoilt) => spoilt.write('forgotten.ts', ''),
      'Not everything is committed: commit or remove forgotten.ts.',
    ],
    [
      'a version that the changelog does not begin with',
      (spoilt) => {
        spoilt.write('package.json', JSON.stringify({ ...MANIFEST, version: '1.3.0' }));
        spoilt.commit();
      },
      'package.json has version 1.3.0, and the newest section of lib/CHANGELOG.md is 1.2.3',
    ],
    [
      'a version without a day',
      (spoilt) => {
        spoilt.write('lib/CHANGELOG.md', '## 1.2.3 (unreleased)\n');
        spoilt.commit();
      },
      'lib/CHANGELOG.md calls 1.2.3 unreleased: write the day of the release into its heading',
    ],
    [
      'a package that names no repository',
      (spoilt) => {
        spoilt.write('package.json', JSON.stringify({ ...MANIFEST, repository: undefined }));
        spoilt.commit();
      },
      'package.json has no `repository`, which a provenance is compared with: add "repository": {',
    ],
    [
      'a package that could be published without provenance',
      (spoilt) => {
        spoilt.write('package.json', JSON.stringify({ ...MANIFEST, publishConfig: undefined }));
        spoilt.commit();
      },
      'set "publishConfig": { "access": "public", "provenance": true }',
    ],
  ])('refuses %s, before it checks anything', (_, spoil, sentence) => {
    spoil(repository);
    const { status, said } = repository.release();
    expect(said).toContain(sentence);
    expect(status).toBe(1);
    expect(repository.isChecked).toBe(false);
    expect(repository.asked).toBeUndefined();
  });

  it('refuses to publish where nobody vouches for the build', () => {
    const { status, said } = repository.release(['--publish']);
    expect(said).toContain('Nobody here can vouch for where it is built');
    expect(status).toBe(1);
    expect(repository.asked).toBeUndefined();
  });

  it('tells a call that cannot be meant how it is called', () => {
    for (const parameters of [['--pubilsh'], ['--publish', '--dry-run']]) {
      const { status, said } = repository.release(parameters, WITNESS);
      expect(said).toContain('Usage: npm run release [-- --dry-run | --publish]');
      expect(status).toBe(2);
    }
    expect(repository.asked).toBeUndefined();
  });
});
