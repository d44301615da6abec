import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const pipeline = fileURLToPath(new URL('../../lib/pipeline/', import.meta.url));
const entries = await readdir(pipeline, { withFileTypes: true });
const stages = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
/** What a newcomer wants to know of a stage first, in this order. */
const OPENING = ['**Comes in:**', '**Goes out:**', '**Holds:**', '**On a crash here:**'];

describe.each(stages)('the note of the stage %s', (stage) => {
  const folder = join(pipeline, stage);

  it('opens with what comes in, what goes out, what holds, and what a crash leaves', async () => {
    const note = await readFile(join(folder, 'README.md'), 'utf8');
    expect(note, 'its title').toMatch(new RegExp(`^# ${stage}: .+\n`));
    expect(note.match(/^\*\*[^*]+:\*\*/gm), 'its first words').toEqual(OPENING);
    expect(note, 'its list of files').toContain('\n## Where to look\n');
  });

  it('names each of its files once, and no other', async () => {
    const note = await readFile(join(folder, 'README.md'), 'utf8');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
    const named = [...note.matchAll(/`([a-z0-9.-]+\.ts)`/g)].map(([, name]) => name!);
    expect(named.toSorted((one, other) => (one < other ? -1 : 1))).toEqual(
      files.toSorted((one, other) => (one < other ? -1 : 1)),
    );
  });
});
