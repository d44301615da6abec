import { drain } from 'nestjs-event-triggers/testing';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/wait-until.js';
import { Mailer } from './mailer.js';
import { OrderEmailsModule } from './order-emails.js';
import { Order } from './order.entity.js';
import { useShop } from './shop.js';

describe('the recipe for an e-mail per order', () => {
  const shop = useShop();

  it('sends one for each order that is committed, whoever makes it, and none for another', async () => {
    const app = await shop.start({}, [OrderEmailsModule]);
    await shop.order({ email: 'ada@example.com' });
    await shop.database.query(`insert into orders (email) values ('alan@example.com')`);
    await shop.orders
      .transaction(async (manager) => {
        await manager.save(Order, { email: 'nobody@example.com' });
        throw new Error('no');
      })
      .catch(() => undefined);
    await drain(app);
    expect(
      app
        .get(Mailer)
        .sent.map(({ to }) => to)
        .toSorted(),
    ).toEqual(['ada@example.com', 'alan@example.com']);
  });

  it('tries again while the mail server is down', async () => {
    const app = await shop.start({}, [OrderEmailsModule]);
    app.get(Mailer).failures = 2;
    await shop.order();
    await drain(app, { passDelays: true });
    expect(app.get(Mailer).sent).toHaveLength(1);
  });

  it('sends none again for an event that comes again', async () => {
    const app = await shop.start({}, [OrderEmailsModule]);
    await shop.order();
    await drain(app);
    // As after a crash between the work and the note of it.
    await shop.database.query(
      `insert into event_triggers.retry (trigger_id, event_id, operation, key, new, created_at, attempts, due)
       select trigger_id, id, operation, key, new, created_at, 1, now() from event_triggers.event`,
    );
    await eventually(
      async () => (await shop.database.query('select from event_triggers.attempt')).length === 2,
      { describe: 'a second attempt' },
    );
    expect(app.get(Mailer).sent).toHaveLength(1);
  });
});
