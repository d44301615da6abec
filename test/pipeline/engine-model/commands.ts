import fc from 'fast-check';
import type { Decision } from '../../../lib/pipeline/record/attempt.js';
import type { Change } from './ledger.js';
import type { Loss } from './lossy-connections.js';
import { lockedBy } from './model-writer.js';
import type { ModelDispatcher } from './model-dispatcher.js';
import { DISPATCHERS, WRITERS, type World } from './world.js';

/** What decides whether a command is possible. */
export class Picture {
  /** The rows that each writer's open transaction has locked; null where none is open. */
  readonly transactions: (Set<string> | null)[] = Array.from({ length: WRITERS }, () => null);
  /** Dispatchers that stand still. */
  readonly frozen = new Set<number>();

  mayWrite(writer: number, changes: readonly Change[]): boolean {
    return this.transactions.every(
      (locked, other) => other === writer || !lockedBy(changes).some((row) => locked?.has(row)),
    );
  }
}

export type ModelCommand = fc.AsyncCommand<Picture, World>;

const command = (
  name: string,
  check: (picture: Picture) => boolean,
  run: (picture: Picture, world: World) => Promise<void> | void,
): ModelCommand => ({
  check,
  run: async (picture, world) => run(picture, world),
  toString: () => name,
});

/** What a dispatcher does that does not stand still. */
const act = (
  place: number,
  name: string,
  run: (world: World) => Promise<void> | void,
): ModelCommand =>
  command(
    `dispatcher ${place} ${name}`,
    ({ frozen }) => !frozen.has(place),
    (_, world) => run(world),
  );

/** Few, so that some have to wait for the next turn. */
const RETRIES_OF_A_TURN = 2;

const dispatcher = fc.nat(DISPATCHERS - 1);
const writer = fc.nat(WRITERS - 1);
const key = fc.constantFrom('a', 'b', 'c');

const change: fc.Arbitrary<Change> = fc
  .record({
    isOrdered: fc.constantFrom(true, true, false),
    key,
    keyBefore: fc.option(key, { freq: 2 }),
  })
  .map((made) => ({
    ...made,
    keyBefore: made.isOrdered && made.keyBefore !== made.key ? made.keyBefore : null,
  }));

const decision = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Decision>({ kind: 'delivered' }) },
  { weight: 2, arbitrary: fc.constant<Decision>({ kind: 'retry', delay: 0 }) },
  { weight: 3, arbitrary: fc.constant<Decision>({ kind: 'retry', delay: 3_600_000 }) },
  { weight: 1, arbitrary: fc.constant<Decision>({ kind: 'dead', reason: 'exhausted' }) },
);
const decisions = fc.array(decision, { minLength: 1, maxLength: 5 });

const told = ({ isOrdered, key: to, keyBefore }: Change): string =>
  `${isOrdered ? 'ordered' : 'free'} ${keyBefore === null ? '' : `${keyBefore}>`}${to}`;
const kinds = (of: readonly Decision[]): string =>
  of
    .map((one) =>
      one.kind === 'retry' ? `retry ${one.delay === 0 ? 'at once' : 'later'}` : one.kind,
    )
    .join(', ');

const writes = fc
  .tuple(writer, fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([who, changes]) =>
    command(
      `writer ${who} writes ${changes.map(told).join(', ')}`,
      (picture) => picture.mayWrite(who, changes),
      async (picture, world) => {
        const locked = (picture.transactions[who] ??= new Set());
        for (const row of lockedBy(changes)) locked.add(row);
        await world.writers[who]!.write(changes);
      },
    ),
  );

const ends = (name: string, how: 'commit' | 'rollBack'): fc.Arbitrary<ModelCommand> =>
  writer.map((who) =>
    command(
      `writer ${who} ${name}`,
      ({ transactions }) => transactions[who] !== null,
      async (picture, world) => {
        picture.transactions[who] = null;
        await world.writers[who]![how]();
      },
    ),
  );

const claims = fc
  .tuple(dispatcher, fc.nat(4), fc.boolean())
  .map(([place, retries, records]) =>
    act(
      place,
      `claims pages and ${retries} retries${records ? ', and records along' : ''}`,
      (world) => world.dispatchers[place]!.turn(retries, records),
    ),
  );

const sends = fc.tuple(dispatcher, fc.integer({ min: 1, max: 3 })).map(([place, count]) =>
  act(place, `claims and sends ${count}`, async (world) => {
    await world.dispatchers[place]!.turn(RETRIES_OF_A_TURN, false);
    world.dispatchers[place]!.begin(count);
  }),
);

const hears = fc.tuple(dispatcher, decisions).map(([place, of]) =>
  act(place, `hears of those under way: ${kinds(of)}`, (world) => {
    for (const one of of) world.dispatchers[place]!.end(one);
  }),
);

const attempts = fc.tuple(dispatcher, decisions).map(([place, of]) =>
  act(place, `attempts, one after the other: ${kinds(of)}`, (world) => {
    for (const one of of) {
      world.dispatchers[place]!.begin(1);
      world.dispatchers[place]!.end(one);
    }
  }),
);

/** A turn as it mostly is, in one: what takes many steps in a row is else hardly ever reached. */
const works = fc.tuple(dispatcher, decisions).map(([place, of]) =>
  act(place, `claims, attempts (${kinds(of)}) and records`, async (world) => {
    await world.dispatchers[place]!.turn(RETRIES_OF_A_TURN, false);
    await attempt(world.dispatchers[place]!, of);
  }),
);

const attempt = async (working: ModelDispatcher, of: readonly Decision[]): Promise<void> => {
  for (const one of of) {
    working.begin(1);
    working.end(one);
  }
  await working.record();
};

const records = dispatcher.map((place) =>
  act(place, 'records', (world) => world.dispatchers[place]!.record()),
);

const recovers = fc
  .tuple(dispatcher, fc.constantFrom(1, 8), fc.array(decision, { maxLength: 5 }))
  .map(([place, most, of]) =>
    act(
      place,
      `takes over up to ${most} batches, attempts (${kinds(of)}) and records`,
      async (world) => {
        await world.recover(place, most);
        await attempt(world.dispatchers[place]!, of);
      },
    ),
  );

const loses = fc
  .tuple(dispatcher, fc.constantFrom<Loss[]>('request', 'answer'))
  .map(([place, loss]) =>
    act(place, `loses the ${loss} of its next call`, (world) =>
      world.dispatchers[place]!.loseNext(loss),
    ),
  );

const freezes = dispatcher.map((place) =>
  command(
    `dispatcher ${place} stands still until its lease has run out`,
    ({ frozen }) => !frozen.has(place),
    async ({ frozen }, world) => {
      frozen.add(place);
      await world.dispatchers[place]!.outliveLease();
    },
  ),
);

const wakes = fc.tuple(dispatcher, decisions).map(([place, of]) =>
  command(
    `dispatcher ${place} wakes up, hears of those under way (${kinds(of)}) and records them late`,
    ({ frozen }) => frozen.has(place),
    async ({ frozen }, world) => {
      frozen.delete(place);
      const late = world.dispatchers[place]!;
      for (const one of of) late.end(one);
      // It is refused, and then goes on under another name.
      await late.record();
      await late.record();
    },
  ),
);

const dies = dispatcher.map((place) =>
  command(
    `dispatcher ${place} is killed`,
    () => true,
    async ({ frozen }, world) => {
      frozen.delete(place);
      await world.kill(place);
    },
  ),
);

const leaves = dispatcher.map((place) =>
  act(place, 'leaves in good order', (world) => world.release(place)),
);

const timePasses = fc.constant(
  command(
    'time passes',
    () => true,
    (_, world) => world.letTimePass(),
  ),
);

/** All commands, the more frequent ones first: without events, claims and attempts nothing else means anything. */
export const anyCommand: fc.Arbitrary<ModelCommand> = fc.oneof(
  { weight: 9, arbitrary: writes },
  { weight: 6, arbitrary: ends('commits', 'commit') },
  { weight: 1, arbitrary: ends('rolls back', 'rollBack') },
  { weight: 10, arbitrary: works },
  { weight: 3, arbitrary: claims },
  { weight: 3, arbitrary: attempts },
  { weight: 5, arbitrary: sends },
  { weight: 2, arbitrary: hears },
  { weight: 2, arbitrary: records },
  { weight: 4, arbitrary: recovers },
  { weight: 1, arbitrary: timePasses },
  { weight: 1, arbitrary: loses },
  { weight: 2, arbitrary: freezes },
  { weight: 2, arbitrary: wakes },
  { weight: 1, arbitrary: dies },
  { weight: 1, arbitrary: leaves },
);
