import { Inject, type OnApplicationBootstrap } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { EventTriggersService } from '../event-triggers.service.js';
import { DEFAULT_DATA_SOURCE, getEventTriggersToken, tokenOf } from '../event-triggers.tokens.js';
import {
  stalledAfterMs,
  type ProgressOptions,
  type StalledTrigger,
} from '../pipeline/retry/stream-progress.js';
import { refuseWithoutTriggers } from './refuse-without-triggers.js';
import { TimedRead } from './timed-read.js';

/** Balancers mostly wait for ten seconds, and a database that is well answers within some milliseconds. */
const GIVES_UP_AFTER_MS = 3_000;

/**
 * Whether event triggers are delivered, for a health check of `@nestjs/terminus`: down where a trigger makes no progress,
 * where this replica has a problem, and where the database does not answer within three seconds. A destination that
 * fails is not a reason: it is attempted, and its events wait.
 *
 * For alarms, on an endpoint of its own. Not for readiness or liveness: that nobody delivers is seen by all replicas
 * alike, and taking them all out of service, or starting them all anew, takes down what still works. A replica that
 * cannot do its own work is known by `EventTriggersService.health()`.
 *
 * @example
 * @Controller('health/event-triggers')
 * export class EventTriggersHealthController {
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
export class EventTriggersHealthIndicator implements OnApplicationBootstrap {
  /** By the milliseconds that are asked for: an application asks for one or two. */
  private readonly reads = new Map<number, TimedRead<StalledTrigger[]>>();

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly moduleRef: ModuleRef,
    private readonly dataSource: string,
  ) {}

  /** @throws InvalidOptionsError where there is nothing to look at */
  onApplicationBootstrap(): void {
    refuseWithoutTriggers(this.moduleRef, this.dataSource, 'EventTriggersHealthModule');
  }

  /**
   * @param key the name of the indicator in the answer
   * @throws InvalidOptionsError where `stalledAfter` is none
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: ProgressOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const indicator = this.indicators.check(key);
    const { problems } = this.service.health();
    const stalled = await stalledBy(this.readOf(options));
    const found = [...problems, ...(typeof stalled === 'string' ? [stalled] : stalled.map(worded))];
    return found.length === 0 ? indicator.up() : indicator.down({ problems: found });
  }

  private readOf({ stalledAfter }: ProgressOptions): TimedRead<StalledTrigger[]> {
    const milliseconds = stalledAfterMs(stalledAfter);
    const known = this.reads.get(milliseconds);
    if (known !== undefined) return known;
    const read = new TimedRead(
      () => this.service.checkProgress({ stalledAfter: milliseconds }),
      GIVES_UP_AFTER_MS,
    );
    this.reads.set(milliseconds, read);
    return read;
  }

  private get service(): EventTriggersService {
    return this.moduleRef.get(getEventTriggersToken(this.dataSource), { strict: false });
  }
}

/** The token of the indicator for one data source: the class itself for the default one. */
export const healthTokenOf = (
  dataSource: string = DEFAULT_DATA_SOURCE,
): string | typeof EventTriggersHealthIndicator =>
  dataSource === DEFAULT_DATA_SOURCE ? EventTriggersHealthIndicator : tokenOf('Health', dataSource);

/**
 * Injects the `EventTriggersHealthIndicator` of a data source, for applications that have several.
 *
 * @param dataSource the name given to `EventTriggersHealthModule.forRoot({ dataSource })`; default: the default data source
 *
 * @example
 * constructor(@InjectEventTriggersHealth('billing') private readonly billing: EventTriggersHealthIndicator) {}
 */
export const InjectEventTriggersHealth = (
  dataSource?: string,
): ParameterDecorator & PropertyDecorator => Inject(healthTokenOf(dataSource));

/** What stands still, or why nobody knows. */
async function stalledBy(read: TimedRead<StalledTrigger[]>): Promise<StalledTrigger[] | string> {
  try {
    return await read.answer();
  } catch (error) {
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
