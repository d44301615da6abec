import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyCommand, Picture } from './engine-model/commands.js';
import { WRITERS, World, type Ground } from './engine-model/world.js';
import { createEngine } from './support/engine.js';

/** So many that a page, a failure and a death meet in most runs. */
const MOST_COMMANDS = 150;
const RUNS_PER_SEED = 12;
const SEEDS = Number(process.env['EVENT_TRIGGERS_SEEDS'] ?? 4);
const SEED = process.env['EVENT_TRIGGERS_SEED'];
/** For the runs on a loaded machine, and for what it takes to shrink one that fails. */
const LIMIT_PER_SEED_MS = 20_000;
/** A failure that is still being made smaller then is told as it is; what hangs is ended after it. */
const TIMEOUT_MS = SEEDS * LIMIT_PER_SEED_MS + 60_000;

describe('the engine, whatever writers and dispatchers do', () => {
  let ground: Ground;

  beforeAll(async () => {
    const engine = await createEngine();
    const clients = await Promise.all(
      Array.from({ length: WRITERS }, () => engine.database.client()),
    );
    ground = { engine, connections: engine.connect(), clients };
  });
  afterAll(() => ground.engine.drop());

  it(
    'loses nothing that was committed, sends nothing that was not, keeps keys in order, and leaves nothing open',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          // Unbiased: short runs find little that long ones do not.
          fc.noBias(fc.commands([anyCommand], { maxCommands: MOST_COMMANDS, size: 'max' })),
          async (commands) => {
            const world = await World.begin(ground);
            try {
              await fc.asyncModelRun(() => ({ model: new Picture(), real: world }), commands);
              expect(await world.settle()).toEqual({
                owed: [],
                stranded: [],
                batches: 0,
                retries: 0,
              });
            } finally {
              await world.end();
            }
          },
        ),
        {
          numRuns: SEEDS * RUNS_PER_SEED,
          plugins: [
            fc.interruptAfterTimeLimit(SEEDS * LIMIT_PER_SEED_MS, { failOnInterrupt: true }),
          ],
          ...(SEED === undefined ? {} : { seed: Number(SEED) }),
        },
      );
    },
    TIMEOUT_MS,
  );
});
