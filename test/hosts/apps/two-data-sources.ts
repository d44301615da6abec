/** Two databases, one of them with the tables of the package in a schema with an awkward name. */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  EventTriggersModule,
  EventTriggersService,
  InjectEventTriggers,
} from 'nestjs-event-triggers';
import {
  EventTriggersHealthModule,
  InjectEventTriggersHealth,
  type EventTriggersHealthIndicator,
} from 'nestjs-event-triggers/health';
import { EventTriggersMetricsModule } from 'nestjs-event-triggers/metrics';
import { register } from 'prom-client';
import { listen, setting } from './listening.js';
import { Order } from './order.entity.js';

@Controller()
class EventsController {
  constructor(
    @InjectEventTriggers() private readonly shop: EventTriggersService,
    @InjectEventTriggers('billing') private readonly billing: EventTriggersService,
    @InjectEventTriggersHealth() private readonly shopHealth: EventTriggersHealthIndicator,
    @InjectEventTriggersHealth('billing')
    private readonly billingHealth: EventTriggersHealthIndicator,
  ) {}

  /** Which triggers each of the two knows, and what came of their events. */
  @Get('events')
  async events() {
    const [shop, billing] = await Promise.all([this.shop.listEvents(), this.billing.listEvents()]);
    return { shop: shop.events, billing: billing.events };
  }

  @Get('metrics')
  metrics() {
    return register.metrics();
  }

  /** How each of the two is. */
  @Get('health')
  async health() {
    return {
      ...(await this.shopHealth.isHealthy('shop')),
      ...(await this.billingHealth.isHealthy('billing')),
    };
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
    EventTriggersMetricsModule.forRoot(),
    EventTriggersMetricsModule.forRoot({ dataSource: 'billing', prefix: 'billing_' }),
    EventTriggersHealthModule.forRoot(),
    EventTriggersHealthModule.forRoot({ dataSource: 'billing' }),
  ],
  controllers: [EventsController],
})
class TwoDataSourcesModule {}

listen(TwoDataSourcesModule);
