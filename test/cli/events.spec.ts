import type { EventPage, EventDetails } from 'nestjs-event-triggers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from './support/shop.js';

describe('event-triggers events', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
    await shop.order(1, 2, 3);
    await shop.drain();
  });
  afterAll(() => shop.close());

  it('lists them page by page', async () => {
    const first = await shop.run('events', '--trigger', 'order_created', '--limit', '2');
    expect(first.code, `told: ${first.stderr}`).toBe(0);
    expect(first.stdout).toMatch(/ order_created +INSERT +3 +delivered +1 +200/);
    expect(first.stderr).toMatch(/^more: --after /);

    const { next } = await shop.result<EventPage>('events', '--limit', '2');
    const { events } = await shop.result<EventPage>('events', '--limit', '2', '--after', next!);
    expect(events.map(({ key }) => key)).toEqual(['1']);
  });

  it('narrows them down', async () => {
    const { events } = await shop.result<EventPage>(
      'events',
      '--key',
      '2',
      '--state',
      'delivered',
      '--state',
      'dead',
      '--operation',
      'insert',
    );
    expect(events).toMatchObject([{ key: '2', state: 'delivered' }]);
    const future = await shop.run('events', '--from', '2999-01-01');
    expect(future.stdout).toBe('no events\n');
  });

  it('refuses a state that there is not', async () => {
    const { code, stderr } = await shop.run('events', '--state', 'delivred');
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean "delivered"?');
  });

  it('shows one with its rows and attempts', async () => {
    const { events } = await shop.result<EventPage>('events', '--key', '1');
    const { id } = events[0]!;

    const { stdout } = await shop.run('events', 'show', id);
    expect(stdout).toContain(id);
    expect(stdout).toContain('new: {"id":1,"email":"ada@example.com"}');
    expect(stdout).toMatch(/^ATTEMPT +ENDED +MS +OUTCOME +STATUS/m);
    const details = await shop.result<EventDetails>('events', 'show', id);
    expect(details.history).toMatchObject([{ outcome: 'delivered', status: 200 }]);
  });

  it('cancels one that waits, and says where it is too late', async () => {
    const delivered = (await shop.result<EventPage>('events', '--key', '1')).events[0]!;
    const late = await shop.run('events', 'cancel', delivered.id);
    expect(late).toMatchObject({ code: 1, stderr: 'too late: it is delivered\n' });

    await shop.stop();
    await shop.order(4);
    const waiting = (await shop.result<EventPage>('events', '--key', '4')).events[0]!;
    expect(await shop.result('events', 'cancel', waiting.id)).toEqual({
      id: waiting.id,
      state: 'cancelled',
    });
  });

  it('knows what is no id', async () => {
    const { code, stderr } = await shop.run('events', 'show', 'x');
    expect(code).toBe(1);
    expect(stderr).toContain('ET_INVALID_EVENT_ID');
  });
});
