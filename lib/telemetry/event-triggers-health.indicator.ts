import type { ModuleRef } from '@nestjs/core';
import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { InvalidOptionsError } from '../event-triggers.errors.js';
import type { EventTriggersService } from '../event-triggers.service.js';
import { getEventTriggersToken } from '../event-triggers.tokens.js';
import type { ProgressOptions, StalledTrigger } from '../pipeline/retry/stream-progress.js';
import { inTime } from './in-time.js';

/** Balancers mostly wait for ten seconds, and a database that is well answers within some milliseconds. */
const GIVES_UP_AFTER_MS = 3_000;

/**
 * Whether event triggers are delivered, for a health check of `@nestjs/terminus`: down where a trigger makes no progress,
 * where this replica has a problem, and where the database does not answer within three seconds. A destination that
 * fails is not a reason: it is attempted, and its events wait.
 *
 * Good for readiness and for alarms, not for liveness: that nobody delivers is seen by all replicas alike, and starting
 * all of them anew seldom helps.
 *
 * @example
 * @Controller('health')
 * export class HealthController {
 *   constructor(
 *     private readonly health: HealthCheckService,
 *     private readonly eventTriggers: EventTriggersHealthIndicator,
 *   ) {}
 *
 *   @Get()
 *   @HealthCheck()
 *   check() {
 *     return this.health.check([() => this.eventTriggers.isHealthy('event-triggers')]);
 *   }
 * }
 */
export class EventTriggersHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly moduleRef: ModuleRef,
    private readonly dataSource: string,
  ) {}

  /**
   * @param key the name of the indicator in the answer
   * @throws InvalidOptionsError where `stalledAfter` is none
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: ProgressOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const service = this.moduleRef.get<EventTriggersService>(
      getEventTriggersToken(this.dataSource),
      { strict: false },
    );
    const indicator = this.indicators.check(key);
    const { problems } = service.health();
    const stalled = await stalledIn(service, options);
    const found = [...problems, ...(typeof stalled === 'string' ? [stalled] : stalled.map(worded))];
    return found.length === 0 ? indicator.up() : indicator.down({ problems: found });
  }
}

/** What stands still, or why nobody knows. */
async function stalledIn(
  service: EventTriggersService,
  options: ProgressOptions,
): Promise<StalledTrigger[] | string> {
  try {
    return await inTime(service.checkProgress(options), GIVES_UP_AFTER_MS);
  } catch (error) {
    if (error instanceof InvalidOptionsError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return `Whether event triggers are delivered is not known: ${reason}`;
  }
}

const WAITS = {
  unclaimed: 'changes wait that nobody claims',
  overdue: 'events wait whose next attempt is overdue',
  abandoned: 'events wait that a dispatcher left which is gone',
} as const;

const worded = ({ name, since, waits }: StalledTrigger): string =>
  `Event trigger "${name}" makes no progress: ${WAITS[waits]}, the oldest since ${since.toISOString()}`;
