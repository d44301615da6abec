import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../../lib/database.js';
import { WakeUpListener } from '../../../lib/pipeline/claim/wake-up-listener.js';
import { eventually } from '../../support/wait-until.js';
import { createEngine } from '../support/engine.js';

/** Longer than a notification is waited for. */
const BUSY_MS = 3_500;

describe('a listener', () => {
  it('does not hold it against notifications that its question had to wait for a connection', async () => {
    const engine = await createEngine();
    const connections = new Database({ connectionString: engine.database.url });
    const busy = Object.assign(Object.create(connections) as Database, {
      query: async (text: string, values: unknown[]) => {
        await pause(BUSY_MS);
        return connections.query(text, values);
      },
    });
    const lines: string[] = [];
    const say = (line: string): number => lines.push(line);
    const log = { log: say, warn: say };
    const listener = new WakeUpListener(() => connections.dedicated(), busy, engine.schema, log);
    onTestFinished(async () => {
      await listener.stop();
      await connections.close();
      await engine.drop();
    });

    let reconnects = 0;
    const ignore = (): void => undefined;
    listener.start({
      rows: ignore,
      doubt: ignore,
      definitions: ignore,
      reconnected: () => (reconnects += 1),
    });
    await eventually(() => listener.isWorking, { describe: 'the listener to work' });
    expect({ lines, reconnects }, 'at its first try').toEqual({ lines: [], reconnects: 0 });
  });
});
