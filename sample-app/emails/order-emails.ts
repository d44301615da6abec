import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { Mailer } from './mailer.js';

/** The columns of an order that its e-mail needs. */
export interface OrderRow {
  readonly id: number;
  readonly email: string;
  readonly product: string;
  readonly quantity: number;
}

@Injectable()
export class OrderEmails {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly mailer: Mailer,
  ) {}

  /**
   * Confirms an order once, however often its event arrives.
   *
   * A webhook comes again when its answer got lost. The event's id stays the same, and noting it in one
   * transaction with the effect makes a second arrival wait for the first, and then do nothing.
   */
  async confirm(order: OrderRow, eventId: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      if (await isRepeated(manager, eventId)) return;
      await this.mailer.send({
        to: order.email,
        subject: `Your order ${order.id}`,
        text: `Thank you for ordering ${order.quantity} x ${order.product}.`,
      });
    });
  }
}

async function isRepeated(manager: EntityManager, eventId: string): Promise<boolean> {
  const noted: unknown[] = await manager.query(
    'insert into handled_events (id) values ($1) on conflict do nothing returning id',
    [eventId],
  );
  return noted.length === 0;
}
