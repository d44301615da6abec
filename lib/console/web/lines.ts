/** The JSON values of a stream that has one on each line, as soon as each line is complete. */
export async function* jsonLines<Value>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Value> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* valuesOf<Value>(lines);
  }
  yield* valuesOf<Value>([rest + decoder.decode()]);
}

function valuesOf<Value>(lines: readonly string[]): Value[] {
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Value);
}
