import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { readConsoleFiles } from '../console/console-files.js';
import { ConsolePage } from '../console/console-page.js';
import { ConsoleController } from '../console/console.controller.js';
import { InvalidOptionsError } from '../event-triggers.errors.js';
import type { EventTriggersService } from '../event-triggers.service.js';
import { DEFAULT_DATA_SOURCE, getEventTriggersToken } from '../event-triggers.tokens.js';
import { ADMINISTERED } from './administered.js';
import { Answers } from './answers.js';
import { EventsController } from './events.controller.js';
import { LiveChanges } from './live-changes.js';
import { LiveController } from './live.controller.js';
import { mounted, type Guard } from './mounted.js';
import { RedeliveriesController } from './redeliveries.controller.js';
import { StatisticsController } from './statistics.controller.js';
import { TablesController } from './tables.controller.js';
import { TriggersController } from './triggers.controller.js';

/** Where the admin API is, and who may use it. */
export interface EventTriggersAdminOptions extends Pick<ModuleMetadata, 'imports'> {
  /** The path of it, under the application's global prefix; the API is at `api` below it. Default: `'event-triggers'`. */
  readonly path?: string;
  /**
   * The guards that let requests in, all of them: whoever they let in sees rows, and sends events wherever it likes.
   * Classes are made with the providers of `imports`. Required, unless `unsafelyPublic` says otherwise.
   */
  readonly guards?: readonly Guard[];
  /**
   * That it needs no guards of its own: something in front of it, or an `APP_GUARD`, keeps others out. Default: false,
   * and without guards the application does not start.
   */
  readonly unsafelyPublic?: boolean;
  /** Whether the console, a page for people, is served at `path`, behind the same guards. Default: false. */
  readonly console?: boolean;
  /** Whose triggers: the `dataSource` of `EventTriggersModule.forRoot`. Default: the one without a name. */
  readonly dataSource?: string;
}

const ROUTES = [
  [TriggersController, 'api/triggers'],
  [EventsController, 'api/events'],
  [RedeliveriesController, 'api'],
  [StatisticsController, 'api/statistics'],
  [TablesController, 'api/tables'],
  [LiveController, 'api/live'],
] as const;

/**
 * An HTTP API for all that `EventTriggersService` does: triggers, events, dead letters, redelivery.
 *
 * @throws InvalidOptionsError where nothing would guard it
 *
 * @example
 * @Module({
 *   imports: [
 *     EventTriggersModule.forRoot(),
 *     EventTriggersAdminModule.forRoot({ path: 'admin/event-triggers', guards: [AdminGuard], imports: [AuthModule] }),
 *   ],
 * })
 * export class AppModule {}
 */
@Module({})
export class EventTriggersAdminModule {
  static forRoot(options: EventTriggersAdminOptions = {}): DynamicModule {
    const {
      path = 'event-triggers',
      guards = [],
      unsafelyPublic = false,
      console: hasConsole = false,
      dataSource = DEFAULT_DATA_SOURCE,
      imports = [],
    } = options;
    refuseUnguarded(path, guards, unsafelyPublic);
    const page = hasConsole ? new ConsolePage(readConsoleFiles()) : null;
    return {
      module: EventTriggersAdminModule,
      imports: [...imports],
      controllers: [
        ...(page === null ? [] : [mounted(ConsoleController, path, guards)]),
        ...ROUTES.map(([Routes, below]) => mounted(Routes, `${path}/${below}`, guards)),
      ],
      providers: [
        Answers,
        ...(page === null ? [] : [{ provide: ConsolePage, useValue: page }]),
        { provide: ADMINISTERED, useExisting: getEventTriggersToken(dataSource) },
        {
          provide: LiveChanges,
          inject: [ADMINISTERED],
          useFactory: (service: EventTriggersService) => new LiveChanges(service),
        },
      ],
    };
  }
}

function refuseUnguarded(path: string, guards: readonly unknown[], unsafelyPublic: boolean): void {
  if (guards.length === 0 && !unsafelyPublic) {
    throw new InvalidOptionsError(`Nothing guards the admin API of event triggers at "${path}"`, {
      hint: 'Give guards: [YourAdminGuard], or unsafelyPublic: true where something else keeps others out.',
    });
  }
  const place = guards.findIndex((guard) => !isGuard(guard));
  if (place < 0) return;
  throw new InvalidOptionsError(
    `guards[${place}] of the admin API of event triggers is neither a guard nor the class of one`,
    {
      hint: 'Give a class with a method canActivate. An undefined one mostly comes from a circular import.',
    },
  );
}

function isGuard(guard: unknown): boolean {
  if (typeof guard === 'function') return isGuard(guard.prototype);
  return typeof (guard as { canActivate?: unknown } | null | undefined)?.canActivate === 'function';
}
