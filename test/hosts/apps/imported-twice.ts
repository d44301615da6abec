/** Two modules that each import event triggers for the same data source, as happens in a large application. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule } from 'nestjs-event-triggers';
import { listen, setting } from './listening.js';

@Module({ imports: [EventTriggersModule.forRoot({ application: 'shop' })] })
class OrdersModule {}

@Module({ imports: [EventTriggersModule.forRoot({ application: 'shop' })] })
class BillingModule {}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: setting('DATABASE_URL'),
      autoLoadEntities: true,
      retryAttempts: 0,
    }),
    OrdersModule,
    BillingModule,
  ],
})
class TwiceModule {}

listen(TwiceModule);
