import { describe, expect, it } from 'vitest';
import { blocksOf, guides, read } from './documents.js';

/** What `<!-- code of … -->` before a block names: a file with a region, or a file. */
const SOURCE = /^code of (?<file>\S+)$/;
const REGION = /^\/\/ #region recipe\n(?<code>[^]*?)^\/\/ #endregion$/m;
/** Code of other packages, which is not ours to compile. */
const OF_OTHERS = 'code of others';

async function typeScriptBlocks() {
  const blocks = (await guides()).flatMap(blocksOf);
  return blocks.filter(({ language, note }) => language === 'ts' && note !== OF_OTHERS);
}

describe('code in the guides', () => {
  it('is the code of a file that is compiled, linted and tested', async () => {
    const wrong: string[] = [];
    const blocks = await typeScriptBlocks();
    expect(blocks.length, 'blocks that were found').toBeGreaterThan(10);
    for (const { path, note, code } of blocks) {
      const file = SOURCE.exec(note ?? '')?.groups!['file'];
      if (file === undefined) {
        wrong.push(`${path}: no <!-- code of FILE --> stands before\n${code}`);
        continue;
      }
      const shown = REGION.exec(await read(file))?.groups!['code'];
      if (shown === undefined) wrong.push(`${file} has no region "recipe"`);
      else if (shown !== code) wrong.push(`${path}: this is not what ${file} has\n${code}`);
    }
    expect(wrong).toEqual([]);
  });
});
