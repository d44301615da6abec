import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../support/random.mjs';
import { choose, faultPointsOf, nameOf, type FaultPoint } from './crash-points/fault-point.js';
import { Ground } from './crash-points/ground.js';
import { MortalLife } from './crash-points/mortal-life.js';
import { Scene } from './crash-points/scene.js';

/** Scenes mostly wait. */
const AT_A_TIME = 8;
/** For a seed, beside the first call of each kind. */
const OTHERS_PER_SEED = 5;
const SEEDS = Number(process.env['EVENT_TRIGGERS_SEEDS'] ?? 4);
const SEED = Number(process.env['EVENT_TRIGGERS_SEED'] ?? Date.now());
/** On a loaded machine. */
const TIMEOUT_MS = 180_000 + SEEDS * 20_000;
/** Of the points: those that a run did not come to, because it went another way than the one before. */
const MOST_MISSED = 0.2;

/** What happens besides. */
interface Play {
  readonly of: string;
  /** Befalls the one before it. */
  readonly predecessor?: FaultPoint;
  /** Befalls itself. */
  readonly beforehand?: FaultPoint;
  readonly sleeps?: boolean;
}

interface PlayedPoint {
  readonly play: Play;
  readonly point: FaultPoint;
}

const PAGE_CLAIMED = { moment: 'after', call: 'cycle, brings batch', ordinal: 1 } as const;

/** In each, the kinds of calls are tried that none of those above it comes to. */
const PLAYS: readonly Play[] = [
  { of: 'a dispatcher' },
  { of: 'an heir', predecessor: { ...PAGE_CLAIMED, fate: 'dies' } },
  { of: 'one that regains its footing', beforehand: { ...PAGE_CLAIMED, fate: 'is cut off' } },
  { of: 'one that sleeps', sleeps: true },
];

describe('a dispatcher that dies or is cut off before or after any call that it makes', () => {
  let grounds: Ground[];

  beforeAll(async () => {
    grounds = await Promise.all(Array.from({ length: AT_A_TIME }, () => Ground.create()));
  });
  afterAll(() => Promise.all(grounds.map((ground) => ground.drop())));

  it(
    'loses no change, sends none that was not committed, keeps rows in order, repeats what was not recorded only, and leaves nothing open',
    async () => {
      const points = await pointsToTry();
      const missed: string[] = [];
      const faults: string[] = [];
      await onGrounds(points, async ({ play, point }, ground) => {
        const run = await perform(ground, play, point);
        if (!run.life.isFulfilled) missed.push(nameOf(point));
        faults.push(...run.faults.map((fault) => `${play.of} ${nameOf(point)}: ${fault}`));
        return run.faults.length === 0;
      });

      expect(faults, `seed ${SEED}`).toEqual([]);
      expect(missed.length, `points not reached: ${missed.join('; ')}`).toBeLessThan(
        points.length * MOST_MISSED,
      );
    },
    TIMEOUT_MS,
  );

  /** From what dispatchers call to which nothing more happens: a call that is new is among them by itself. */
  async function pointsToTry(): Promise<PlayedPoint[]> {
    const tried = new Set<string>();
    const random = new Random(SEED);
    const points: PlayedPoint[] = [];
    const runs = await Promise.all(
      PLAYS.map(async (play, place) => ({ play, ...(await perform(grounds[place]!, play, null)) })),
    );
    for (const { play, life, faults } of runs) {
      expect(faults, `${play.of} to which nothing more happens`).toEqual([]);
      const groups = faultPointsOf(life.calls).filter(([first]) => !tried.has(nameOf(first!)));
      for (const [first] of groups) tried.add(nameOf(first!));
      const chosen = choose(groups, OTHERS_PER_SEED * SEEDS, random);
      points.push(...chosen.map((point) => ({ play, point })));
      const kinds = groups.map(([first, ...more]) => `\n  ${nameOf(first!)} of ${more.length + 1}`);
      console.info(
        `${play.of}: ${chosen.length} of ${groups.flat().length} points, seed ${SEED}${kinds.join('')}`,
      );
    }
    return points;
  }

  /** A few at a time. One that went wrong leaves its ground to nobody. */
  async function onGrounds<Item>(
    items: readonly Item[],
    work: (item: Item, ground: Ground) => Promise<boolean>,
  ): Promise<void> {
    const left = items.values();
    const worker = async (place: number): Promise<void> => {
      for (const item of left) {
        if (await work(item, grounds[place]!)) continue;
        await grounds[place]!.drop();
        grounds[place] = await Ground.create();
      }
    };
    await Promise.all(grounds.map((_, place) => worker(place)));
  }
});

/** What befalls a dispatcher, and what came of it when another one has finished its work. */
async function perform(
  ground: Ground,
  { predecessor, beforehand, sleeps }: Play,
  point: FaultPoint | null,
): Promise<{ readonly life: MortalLife; readonly faults: string[] }> {
  const scene = await Scene.begin(ground);
  const life = new MortalLife(
    [beforehand, point].filter((one) => one !== undefined && one !== null),
  );
  try {
    if (predecessor !== undefined) await scene.play(new MortalLife([predecessor]));
    await scene.play(life, sleeps);
    await scene.finish();
    return { life, faults: await scene.verdict() };
  } catch (error) {
    return { life, faults: [String(error), ...(await scene.verdict())] };
  } finally {
    await scene.end();
  }
}
