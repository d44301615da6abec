import { describe, expect, it } from 'vitest';
import { jsonLines } from '../../lib/console/web/lines.js';

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
}

const valuesOf = async (text: string, size: number): Promise<unknown[]> => {
  const values = [];
  for await (const value of jsonLines(inChunks(text, size))) values.push(value);
  return values;
};

describe('a stream of lines', () => {
  const text = '{"redelivered":500}\n{"redelivered":501,"detail":"größer"}\n';

  it.each([1, 2, 3, 7, 1000])('is read whole in chunks of %i bytes', async (size) => {
    expect(await valuesOf(text, size)).toEqual([
      { redelivered: 500 },
      { redelivered: 501, detail: 'größer' },
    ]);
  });

  it('may end without a line break', async () => {
    expect(await valuesOf('\n{"done":true}', 4)).toEqual([{ done: true }]);
  });
});
