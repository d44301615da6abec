import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, guides, proseOf, read, repository, type Document } from './documents.js';

const LINK = /\[[^\]]*\]\((?<target>[^)\s]+)\)/g;

/** As GitHub makes them of headings. */
function anchorsOf(document: Document): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of proseOf(document).matchAll(/^#+ (.+)$/gm)) {
    const plain = heading!.replaceAll(/[`*]/g, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const anchor = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    let place = 0;
    while (anchors.has(place === 0 ? anchor : `${anchor}-${place}`)) place += 1;
    anchors.add(place === 0 ? anchor : `${anchor}-${place}`);
  }
  return anchors;
}

const linksOf = (document: Document): string[] =>
  [...proseOf(document).matchAll(LINK)].map(({ groups }) => groups!['target']!);

const exists = (path: string): Promise<boolean> =>
  stat(join(repository, path)).then(
    () => true,
    () => false,
  );

describe('links of documents', () => {
  it('lead to files and headings that are there', async () => {
    const broken: string[] = [];
    for (const document of await documents()) {
      for (const link of linksOf(document)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [file, anchor] = link.split('#') as [string, string | undefined];
        const path = file === '' ? document.path : join(dirname(document.path), file);
        if (!(await exists(path))) broken.push(`${document.path}: ${link} is no file`);
        else if (anchor !== undefined && !anchorsOf({ path, text: await read(path) }).has(anchor))
          broken.push(`${document.path}: ${link} is no heading`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('lead from the README to each guide, over others', async () => {
    const all = await documents();
    const reached = new Set<string>();
    const follow = (path: string): void => {
      const document = all.find((one) => one.path === path);
      if (document === undefined || reached.has(path)) return;
      reached.add(path);
      for (const link of linksOf(document)) follow(join(dirname(path), link.split('#')[0]!));
    };
    follow('README.md');
    const paths = (await guides()).map(({ path }) => path);
    expect(paths.length, 'guides under lib/docs').toBeGreaterThan(0);
    expect(paths.filter((path) => !reached.has(path))).toEqual([]);
  });

  it('name specs that are there', async () => {
    const missing: string[] = [];
    for (const { path, text } of await guides()) {
      for (const [, spec] of text.matchAll(/`([\w/.-]+\.spec\.ts)`/g)) {
        const isLinked = !spec!.includes('/') && text.includes(`/${spec})`);
        if (!isLinked && !(await exists(join('test', spec!)))) missing.push(`${path}: ${spec}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
