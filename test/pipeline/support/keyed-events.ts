import type { TriggerId } from '../../../lib/pipeline/event.js';
import type { Engine } from './engine.js';

/** Events whose images are numbered from `from`, with these keys; `a>b` changes the key. */
export async function emitKeyed(
  engine: Engine,
  stream: TriggerId,
  from: number,
  keys: readonly string[],
): Promise<void> {
  const pairs = keys.map((key) => key.split('>'));
  await engine.database.query(
    `insert into ${engine.schema}.event (trigger_id, operation, key_before, key, new)
     select $1, 'UPDATE', before, key, json_build_object('n', $2::integer + place - 1)
       from unnest($3::text[], $4::text[]) with ordinality k (before, key, place)
      order by place`,
    [
      stream,
      from,
      pairs.map((pair) => (pair.length > 1 ? pair[0] : null)),
      pairs.map((pair) => pair.at(-1)),
    ],
  );
}
