/** The application of the README: an entity with a trigger, whose events go to a receiver elsewhere; all of it observed. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersAdminModule, EventTriggersModule } from 'nestjs-event-triggers';
import { EventTriggersHealthModule } from 'nestjs-event-triggers/health';
import { EventTriggersMetricsModule } from 'nestjs-event-triggers/metrics';
import { EventTriggersTracingModule } from 'nestjs-event-triggers/tracing';
import { listen, setting } from './listening.js';
import { ObservationController } from './observation.controller.js';
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
    EventTriggersMetricsModule.forRoot(),
    EventTriggersTracingModule.forRoot({ writers: true }),
    TerminusModule,
    EventTriggersHealthModule.forRoot(),
  ],
  controllers: [ObservationController],
})
class ShopModule {}

listen(ShopModule);
