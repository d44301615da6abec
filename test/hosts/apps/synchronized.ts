/** A host whose tables follow its entities at each start, which drops what no entity has. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EVENT_TRIGGERS_ENTITIES, EventTriggersModule } from 'nestjs-event-triggers';
import { listen, setting } from './listening.js';
import { Order } from './order.entity.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: setting('DATABASE_URL'),
      entities: [Order, ...EVENT_TRIGGERS_ENTITIES],
      synchronize: true,
      retryAttempts: 0,
    }),
    EventTriggersModule.forRoot({ application: 'shop' }),
  ],
})
class SynchronizedModule {}

listen(SynchronizedModule);
