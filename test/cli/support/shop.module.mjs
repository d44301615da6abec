// @ts-check
/** The root module of a host as its compiler leaves it, with what must not happen when only its plan is asked for. */
import { Injectable, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule } from 'nestjs-event-triggers';

class Bootstrapped {
  onModuleInit() {
    throw new Error('a hook of the host has run');
  }
}
Injectable()(Bootstrapped);

class Billing {}
Module({
  imports: [
    EventTriggersModule.forFeature([
      {
        name: 'order_paid',
        table: 'orders',
        update: { columns: ['email'], when: `new.email <> 'it''s $1'` },
        webhook: '{{SHOP_URL}}/paid',
      },
    ]),
  ],
})(Billing);

export class AppModule {}
Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env['DATABASE_URL'],
      autoLoadEntities: true,
      retryAttempts: 0,
    }),
    EventTriggersModule.forRoot({
      application: 'test',
      install: 'verify',
      triggers: [
        { name: 'order_created', table: 'orders', insert: true, webhook: '{{SHOP_URL}}/created' },
      ],
    }),
    Billing,
  ],
  providers: [Bootstrapped],
})(AppModule);

export const nothing = 1;
