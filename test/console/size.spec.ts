import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtPage } from './built-page.js';

/** A page that is loaded once and shown for hours may weigh as much as one picture. */
const MOST_BYTES = 60 * 1024;

describe('the page of the console, built', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await builtPage();
  });

  it('has no more than 60 KB of script and style, compressed', async () => {
    const files = (await readdir(`${folder}/assets`)).filter((name) => /\.(js|css)$/.test(name));
    const sizes = await Promise.all(
      files.map(async (name) => gzipSync(await readFile(`${folder}/assets/${name}`)).length),
    );
    expect(files.length, 'files of script and style').toBe(2);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('keeps to a strict content security policy: nothing inline, nothing from elsewhere', async () => {
    const html = await readFile(`${folder}/index.html`, 'utf8');
    expect(html.match(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/g)).toBeNull();
    const addresses = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
    expect(addresses.length).toBeGreaterThan(2);
    expect(addresses.filter((address) => !address.startsWith('./'))).toEqual([]);
  });

  it('has styles that ask for nothing', async () => {
    const styles = (await readdir(`${folder}/assets`)).filter((name) => name.endsWith('.css'));
    for (const name of styles) {
      expect(await readFile(`${folder}/assets/${name}`, 'utf8')).not.toMatch(/@import|url\(/);
    }
  });
});
