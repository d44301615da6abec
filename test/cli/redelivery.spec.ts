import type { EventPage } from 'nestjs-event-triggers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/wait-until.js';
import { eventTriggers } from './support/command-line.js';
import { openShop, type Shop } from './support/shop.js';

/** Few enough to be written at once, and two seconds' worth of handing over at the rate below. */
const MANY = 40;
const PER_SECOND = '10';

describe('sending again from the command line', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop({ retry: { attempts: 1 }, breaker: false });
  });
  beforeEach(async () => {
    await shop.database.query('truncate orders, event_triggers.dead_letter');
    shop.receiver.respondWith({ status: 200 });
  });
  afterAll(() => shop.close());

  async function dead(count: number): Promise<void> {
    shop.receiver.respondWith({ status: 500 });
    await shop.order(...Array.from({ length: count }, (_, place) => place));
    await eventually(
      async () => (await shop.service.redeliverMany({}, { dryRun: true })) === count,
      {
        describe: `${count} dead letters`,
      },
    );
    shop.receiver.respondWith({ status: 200 });
  }

  it('hands one event over', async () => {
    await shop.order(1);
    await shop.drain();
    const { events } = await shop.result<EventPage>('events', '--limit', '1');
    const before = shop.receiver.requests.length;

    const again = await shop.run('redeliver', events[0]!.id);

    expect(again).toMatchObject({ code: 0, stderr: 'handed over for delivery\n' });
    await eventually(() => shop.receiver.requests.length === before + 1, {
      describe: 'another request',
    });
  });

  it('counts dead letters, refuses to send many without a yes, and sends them with it', async () => {
    await dead(3);

    const counted = await shop.run('redeliver', '--dead', '--dry-run');
    expect(counted, `told: ${counted.stderr}`).toMatchObject({
      code: 0,
      stdout: '3 dead letters\n',
    });
    const refused = await shop.run('redeliver', '--dead');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('ET_NOT_CONFIRMED');
    expect(refused.stderr).toContain('3 dead letters');
    expect(await shop.result('redeliver', '--dead', '--trigger', 'order_created', '--yes')).toEqual(
      { matching: 3, redelivered: 3 },
    );
    await shop.drain();
    expect(await shop.result('redeliver', '--dead', '--dry-run')).toMatchObject({ matching: 0 });
  });

  it('replays what was delivered in a time', async () => {
    await shop.order(1, 2);
    await shop.drain();
    const time = ['--trigger', 'order_created', '--from', '2020-01-01', '--to', '2999-01-01'];

    const counted = await shop.result<{ matching: number }>('replay', ...time, '--dry-run');
    const replayed = await shop.result('replay', ...time, '--yes');

    expect(replayed).toEqual({ matching: counted.matching, redelivered: counted.matching });
    await shop.drain();
  });

  it('ends with Ctrl-C after the part under way, and says what was done', async () => {
    await dead(MANY);
    const before = shop.receiver.requests.length;

    const { code, stdout } = await eventTriggers(
      ['redeliver', '--dead', '--yes', '--per-second', PER_SECOND, '--json'],
      {
        url: shop.database.url,
        whileRunning: async (process) => {
          await eventually(() => shop.receiver.requests.length > before, {
            describe: 'the first part',
          });
          process.kill('SIGINT');
        },
      },
    );

    expect(code).toBe(130);
    const { matching, redelivered } = JSON.parse(stdout) as Record<string, number>;
    expect(matching).toBe(MANY);
    expect(redelivered).toBeGreaterThan(0);
    expect(redelivered, 'the rest stays').toBeLessThan(MANY);
    const left = await shop.service.redeliverMany({}, { dryRun: true });
    expect(left).toBe(MANY - redelivered!);
  });
});
