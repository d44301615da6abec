/** The application of the README: an entity with a trigger, whose events go to a receiver elsewhere. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersAdminModule, EventTriggersModule } from 'nestjs-event-triggers';
import { listen, setting } from './listening.js';
import { Order } from './order.entity.js';

const listenUrl = process.env['LISTEN_URL'];

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: setting('DATABASE_URL'),
      autoLoadEntities: true,
      retryAttempts: 0,
    }),
    TypeOrmModule.forFeature([Order]),
    EventTriggersModule.forRoot({
      application: 'shop',
      retry: { attempts: 2, strategy: 'fixed', delay: '100ms' },
      dispatcher: { listenUrl },
    }),
    EventTriggersAdminModule.forRoot({ path: 'admin', unsafelyPublic: true }),
  ],
})
class ShopModule {}

listen(ShopModule);
