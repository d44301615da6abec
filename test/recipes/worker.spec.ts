import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { EventTriggersModule, EventTriggersService } from 'nestjs-event-triggers';
import { drain } from 'nestjs-event-triggers/testing';
import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { orderFunction } from './order-function.js';
import { Order } from './order.entity.js';
import { useShop } from './shop.js';
import { eventTriggersModule } from './worker.js';

describe('the recipe for a worker', () => {
  const shop = useShop();

  const start = (role: string) => {
    vi.stubEnv('ROLE', role);
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          ...shop.database.dataSourceOptions,
          entities: [Order],
          autoLoadEntities: true,
          retryAttempts: 0,
        } as TypeOrmModuleOptions),
        eventTriggersModule(),
        EventTriggersModule.forFeature([orderFunction]),
      ],
    })
    class AppModule {}
    return NestFactory.createApplicationContext(AppModule, {
      logger: ['error', 'fatal'],
      abortOnError: false,
    });
  };

  it('delivers what processes have written that deliver nothing', async () => {
    const receiver = await shop.receiver('NHOST_BACKEND_URL');
    const web = await start('web');
    try {
      await web.get(DataSource).manager.save(Order, { email: 'ada@example.com' });
      expect(await shop.database.query('select from event_triggers.dispatcher')).toEqual([]);
      const { events } = await web.get(EventTriggersService).listEvents();
      expect(events.map(({ state }) => state)).toEqual(['waiting']);
      const worker = await start('worker');
      try {
        await drain(worker);
      } finally {
        await worker.close();
      }
      expect(receiver.requests).toHaveLength(1);
    } finally {
      await web.close();
    }
  });
});
