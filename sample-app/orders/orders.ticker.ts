import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { OrdersService } from './orders.service.js';

const A_SECOND = 1000;
/** Often enough to see retries soon, rarely enough to read them. */
const ORDERS_PER_SHIPMENT = 10;

/** Keeps the shop busy while somebody watches; on with PLACE_ORDERS=1. */
@Injectable()
export class OrdersTicker {
  constructor(private readonly orders: OrdersService) {}

  @Interval(A_SECOND)
  async placeOrder(): Promise<void> {
    if (process.env.PLACE_ORDERS !== '1') return;
    const order = await this.orders.place({
      email: 'grace@example.com',
      product: 'tea',
      quantity: 1,
    });
    if (order.id % ORDERS_PER_SHIPMENT === 0) await this.orders.ship(order.id);
  }
}
