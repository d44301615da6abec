import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Order } from './order.entity.js';
import type { PlaceOrderDto } from './place-order.dto.js';

/** What fits on a screen. */
const LATEST_ORDERS = 20;

/** Writes orders and knows nothing of webhooks: whatever changes the table, events follow from it. */
@Injectable()
export class OrdersService {
  constructor(@InjectRepository(Order) private readonly orders: Repository<Order>) {}

  latest(): Promise<Order[]> {
    return this.orders.find({ order: { id: 'DESC' }, take: LATEST_ORDERS });
  }

  place(order: PlaceOrderDto): Promise<Order> {
    return this.orders.save(this.orders.create(order));
  }

  async ship(id: number): Promise<Order> {
    const order = await this.orders.findOneBy({ id });
    if (order === null) throw new NotFoundException(`There is no order ${id}`);
    order.status = 'shipped';
    return this.orders.save(order);
  }
}
