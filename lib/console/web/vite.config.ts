import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

// Tests build it too, and it has to be the page that is published.
process.env['NODE_ENV'] = 'production';

/** The page, as files that a strict content security policy lets through. */
export default defineConfig({
  root: path('.'),
  // The host chooses the path, and a proxy may change it: everything is found relative to the page.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path('../../../dist/console/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Inlined scripts and data URLs would need a wider policy.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One file of each kind: the whole page is smaller than what a second request costs.
    cssCodeSplit: false,
  },
});
