import type { ModuleRef } from '@nestjs/core';
import type { SchedulerRegistry } from '@nestjs/schedule';

const NAME = 'event-triggers:dispatcher';

/**
 * The dispatcher's timer, shown in the host's `SchedulerRegistry` where there is one.
 *
 * The module never imports `ScheduleModule.forRoot()` itself: a second one doubles every job of the host.
 */
export class SchedulerEntry {
  private constructor(
    private readonly interval: NodeJS.Timeout,
    private readonly registry: SchedulerRegistry | null,
  ) {}

  static async add(moduleRef: ModuleRef, interval: NodeJS.Timeout): Promise<SchedulerEntry> {
    const registry = await registryOf(moduleRef);
    registry?.addInterval(
      registry.doesExist('interval', NAME) ? `${NAME}:${Number(interval)}` : NAME,
      interval,
    );
    return new SchedulerEntry(interval, registry);
  }

  remove(): void {
    clearInterval(this.interval);
    for (const name of this.registry?.getIntervals() ?? []) {
      if (this.registry?.getInterval(name) === this.interval) this.registry.deleteInterval(name);
    }
  }
}

/** Null where the host has no scheduler, or not even the package. */
async function registryOf(moduleRef: ModuleRef): Promise<SchedulerRegistry | null> {
  try {
    const schedule = await import('@nestjs/schedule');
    return moduleRef.get(schedule.SchedulerRegistry, { strict: false });
  } catch {
    return null;
  }
}
