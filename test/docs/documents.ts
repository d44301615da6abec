import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

const HIDDEN_OR_MADE = /(^|\/)(\.[^/]+|node_modules|dist)\//;

/** A Markdown file of the repository, by its path from the top. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code, with the line that stands before it. */
export interface CodeBlock {
  readonly path: string;
  readonly language: string;
  /** What a comment right before it says: `<!-- … -->`. */
  readonly note: string | null;
  readonly code: string;
}

export const read = (path: string): Promise<string> => readFile(join(repository, path), 'utf8');

/** All of them. */
export async function documents(): Promise<Document[]> {
  const found = ['README.md'];
  for (const folder of ['lib', 'sample-app', 'test']) {
    const names = await readdir(join(repository, folder), { recursive: true });
    found.push(...names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name)));
  }
  const paths = found
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !HIDDEN_OR_MADE.test(path));
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await read(path) })));
}

/** Those for users and operators, under lib/docs. */
export const guides = async (): Promise<Document[]> =>
  (await documents()).filter(({ path }) => path.startsWith('lib/docs/'));

const BLOCK = /(?:<!-- (?<note>[^\n]*) -->\n+)?^```(?<language>\w*)\n(?<code>[^]*?)^```$/gm;

export const blocksOf = ({ path, text }: Document): CodeBlock[] =>
  [...text.matchAll(BLOCK)].map(({ groups }) => ({
    path,
    language: groups!['language']!,
    note: groups!['note'] ?? null,
    code: groups!['code']!,
  }));

/** Without blocks of code, in which nothing is a link or a heading. */
export const proseOf = ({ text }: Document): string => text.replace(BLOCK, '');

/** Cells of all tables whose first column is headed so, row by row. */
export function tableRows({ text }: Document, firstHeading: RegExp): string[][] {
  const rows: string[][] = [];
  let isInside = false;
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) {
      isInside = false;
      continue;
    }
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (firstHeading.test(cells[0]!)) isInside = true;
    else if (isInside && !/^-+$/.test(cells[0]!)) rows.push(cells);
  }
  return rows;
}
