import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule } from 'nestjs-event-triggers';
import { EmailsModule } from './emails/emails.module.js';
import { FunctionsModule } from './functions/functions.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { ShippingModule } from './shipping/shipping.module.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env.DATABASE_URL,
      autoLoadEntities: true,
      // Saves the sample its migrations. It would drop columns of tables that hold real data.
      synchronize: true,
    }),
    ScheduleModule.forRoot(),
    EventTriggersModule.forRoot(),
    OrdersModule,
    EmailsModule,
    ShippingModule,
    FunctionsModule,
  ],
})
export class AppModule {}
