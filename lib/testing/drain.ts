import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { engineOf, type Engine } from './engine-of.js';

export interface DrainOptions {
  /** Milliseconds. Default: 10 s. */
  readonly timeout?: number;
  /** Whether retries are due at once, as if their delays had gone by. Default: false. */
  readonly passDelays?: boolean;
  /** The name given to `forRoot`, where it was given one. */
  readonly dataSource?: string;
}

const TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** What a trigger still has to do. */
interface Owed {
  readonly name: string;
  readonly waiting: number;
  readonly claimed: number;
  readonly retries: number;
  readonly paused: boolean;
  readonly problem: string | null;
}

/**
 * Resolves when everything that was captured before is over: delivered, given up, or cancelled.
 *
 * @throws Error that says what still waits, and for what, when that takes too long
 *
 * @example
 * await orders.save({ email: 'ada@example.com' });
 * await drain(app);
 * expect(mailer.sent).toHaveLength(1);
 *
 * @example
 * receiver.respondWith([{ status: 503 }, { status: 200 }]);
 * await orders.save({ email: 'ada@example.com' });
 * await drain(app, { passDelays: true });
 * expect(receiver.requests).toHaveLength(2);
 */
export async function drain(
  app: INestApplicationContext,
  { timeout = TIMEOUT_MS, passDelays = false, dataSource }: DrainOptions = {},
): Promise<void> {
  const engine = engineOf(app, dataSource);
  const end = performance.now() + timeout;
  for (;;) {
    const owed = await owedBy(engine);
    if (owed.length === 0) return;
    if (performance.now() > end) throw new Error(problemOf(owed, timeout));
    if (passDelays && owed.some(({ retries }) => retries > 0))
      await engine.dataSource.query(engine.statements.passDelays, [engine.application]);
    await pause(LOOK_EVERY_MS);
  }
}

/** First what nobody has claimed, then what somebody has: events go from one to the other, and never back. */
async function owedBy({ dataSource, service, application, statements }: Engine): Promise<Owed[]> {
  const triggers = await dataSource.query<{ name: string }[]>(statements.triggers, [application]);
  const counted = new Map<string, number>();
  for (const { name } of triggers) counted.set(name, await service.purge(name));
  const rows = await dataSource.query<Omit<Owed, 'waiting'>[]>(statements.inHand, [application]);
  return rows
    .map((row) => ({ ...row, waiting: Math.max(0, (counted.get(row.name) ?? 0) - row.retries) }))
    .filter(({ waiting, claimed, retries }) => waiting + claimed + retries > 0);
}

function problemOf(owed: readonly Owed[], timeout: number): string {
  const lines = owed.map(({ name, waiting, claimed, retries, paused, problem }) => {
    const counts = `${waiting} wait, ${claimed} are claimed, ${retries} wait as retries`;
    const why = paused
      ? '; its delivery is paused'
      : problem === null
        ? ''
        : `; the last failure: ${problem}`;
    return `  ${name}: ${counts}${why}`;
  });
  return `Events are not over within ${timeout} ms:\n${lines.join('\n')}\n  Fix: give it more time, mend the receiver, or let the delays of retries pass: drain(app, { passDelays: true }).`;
}
