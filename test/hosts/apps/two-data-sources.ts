/** Two databases, one of them with the tables of the package in a schema with an awkward name. */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  EventTriggersModule,
  EventTriggersService,
  InjectEventTriggers,
} from 'nestjs-event-triggers';
import { listen, setting } from './listening.js';
import { Order } from './order.entity.js';

@Controller()
class EventsController {
  constructor(
    @InjectEventTriggers() private readonly shop: EventTriggersService,
    @InjectEventTriggers('billing') private readonly billing: EventTriggersService,
  ) {}

  /** Which triggers each of the two knows, and what came of their events. */
  @Get('events')
  async events() {
    const [shop, billing] = await Promise.all([this.shop.listEvents(), this.billing.listEvents()]);
    return { shop: shop.events, billing: billing.events };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: setting('DATABASE_URL'),
      autoLoadEntities: true,
      retryAttempts: 0,
    }),
    TypeOrmModule.forRoot({
      type: 'postgres',
      name: 'billing',
      url: setting('BILLING_URL'),
      autoLoadEntities: true,
      retryAttempts: 0,
    }),
    TypeOrmModule.forFeature([Order]),
    EventTriggersModule.forRoot({ application: 'shop' }),
    EventTriggersModule.forRoot({
      application: 'shop',
      dataSource: 'billing',
      schema: setting('BILLING_SCHEMA'),
      triggers: [
        {
          name: 'invoice_made',
          table: 'invoices',
          insert: true,
          webhook: '{{RECEIVER_URL}}/invoice-made',
        },
      ],
    }),
  ],
  controllers: [EventsController],
})
class TwoDataSourcesModule {}

listen(TwoDataSourcesModule);
