import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { eventTriggers } from './support/command-line.js';
import { itGoesTheWholeWay, useShop, type Journey } from './checks/journey.js';
import { hasPgBouncer, startPgBouncer, type PgBouncer } from './support/pgbouncer.js';

const POLLS = 'cannot be woken by notifications and polls';
/** Longer than it takes to find out that no notification comes. */
const FOUND_OUT_WITHIN_MS = 10_000;
/** A replica that sleeps and is not woken looks after three seconds. */
const WELL_BEFORE_THE_BACKSTOP_MS = 1_500;

describe.runIf(hasPgBouncer)('through PgBouncer in transaction mode', () => {
  let pooler: PgBouncer;
  beforeAll(async () => {
    pooler = await startPgBouncer(inject('serverUrl'));
  });
  afterAll(() => pooler.stop());

  const urls = { pooled: '', direct: '' };
  const database = async () => {
    const created = await createTestDatabase();
    urls.pooled = pooler.urlOf(created.url);
    urls.direct = created.url;
    return created;
  };

  /** Milliseconds from a write after silence to its webhook. */
  const delayAfterSilence = async ({ receiver, insert, requestsOf }: Journey) => {
    receiver.respondWith({ status: 200 });
    await new Promise((resolve) => setTimeout(resolve, WELL_BEFORE_THE_BACKSTOP_MS));
    const written = performance.now();
    const id = await insert('after silence');
    await eventually(() => requestsOf(id).length > 0, { describe: 'a webhook after silence' });
    return performance.now() - written;
  };

  describe('alone', () => {
    const shop = useShop({
      host: 'nest-12',
      database,
      env: () => ({ DATABASE_URL: urls.pooled }),
    });

    it('notices that nothing wakes it, and polls', async () => {
      await eventually(() => shop().app.output().includes(POLLS), {
        describe: `a warning that the dispatcher ${POLLS}`,
        timeoutMs: FOUND_OUT_WITHIN_MS,
      });
      expect(
        await delayAfterSilence(shop()),
        'milliseconds of a poll, and not of the backstop of who counts on being woken',
      ).toBeLessThan(WELL_BEFORE_THE_BACKSTOP_MS);
    });

    itGoesTheWholeWay(shop);

    it('is told by `event-triggers doctor` that the way is not direct', async () => {
      const { stdout } = await eventTriggers(shop().apps.host, [
        'doctor',
        '--json',
        '--application',
        'shop',
        '--url',
        urls.pooled,
      ]);
      const { findings } = JSON.parse(stdout) as { findings: { severity: string }[] };
      expect(findings.filter(({ severity }) => severity !== 'ok')).toMatchObject([
        { check: 'pooler', severity: 'warning' },
      ]);
    });

    it('never has trouble with its log', () => {
      expect(shop().app.output()).not.toMatch(/cannot work on its log|could not be looked after/);
    });
  });

  describe('with a direct way to listen', () => {
    const shop = useShop({
      host: 'nest-12',
      database,
      env: () => ({ DATABASE_URL: urls.pooled, LISTEN_URL: urls.direct }),
    });

    itGoesTheWholeWay(shop);

    it('is woken by a change', async () => {
      expect(await delayAfterSilence(shop())).toBeLessThan(WELL_BEFORE_THE_BACKSTOP_MS);
      expect(shop().app.output()).not.toContain(POLLS);
    });
  });
});
