import { Body, Controller, Get, Param, ParseIntPipe, Patch, Post } from '@nestjs/common';
import type { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';
import { PlaceOrderDto } from './place-order.dto.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  latest(): Promise<Order[]> {
    return this.orders.latest();
  }

  @Post()
  place(@Body() order: PlaceOrderDto): Promise<Order> {
    return this.orders.place(order);
  }

  @Patch(':id/ship')
  ship(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.orders.ship(id);
  }
}
