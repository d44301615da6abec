/** A host with a job of its own, which runs where `ScheduleModule` is there. */
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Optional } from '@nestjs/common';
import { Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule } from 'nestjs-event-triggers';
import { listen, setting } from './listening.js';
import { Order } from './order.entity.js';

const EVERY_MS = 200;

@Injectable()
class Jobs {
  runs = 0;
  /** Milliseconds between the two runs that were closest to each other. */
  closest: number | null = null;
  private last: number | null = null;

  @Interval('count', EVERY_MS)
  count(): void {
    const now = performance.now();
    if (this.last !== null) this.closest = Math.min(this.closest ?? Infinity, now - this.last);
    this.last = now;
    this.runs += 1;
  }
}

@Controller('jobs')
class JobsController {
  constructor(
    private readonly jobs: Jobs,
    @Optional() private readonly registry?: SchedulerRegistry,
  ) {}

  @Get()
  show() {
    return {
      intervals: this.registry?.getIntervals() ?? null,
      runs: this.jobs.runs,
      closest: this.jobs.closest,
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
    TypeOrmModule.forFeature([Order]),
    EventTriggersModule.forRoot({ application: 'shop' }),
    ...(process.env['SCHEDULE'] === 'on' ? [ScheduleModule.forRoot()] : []),
  ],
  controllers: [JobsController],
  providers: [Jobs],
})
class ScheduledModule {}

listen(ScheduledModule);
