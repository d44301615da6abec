import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import type { DataSource } from 'typeorm';
import { CapturePatrol, type CaptureState } from './capture-patrol.js';
import { CommitListener } from './commit-listener.js';
import { Database } from './database.js';
import { placeEntities } from './event-triggers.entities.js';
import {
  asList,
  type EventTriggersError,
  InvalidOptionsError,
  SchemaError,
} from './event-triggers.errors.js';
import type { FeatureDefinitions } from './event-triggers.feature-definitions.js';
import { EVENT_TRIGGERS_RECEIVER, tokenOf } from './event-triggers.tokens.js';
import { validateDefinitions, type ResolvedOptions } from './event-triggers.options.js';
import { refuseIdleHandlers, type EventHandlers } from './handler/event-handlers.js';
import { installAll } from './installation.js';
import { optionalProvider } from './optional-provider.js';
import { resolveDefinitions } from './pipeline/attach/definition-resolver.js';
import { definitionsOnEntities } from './pipeline/attach/event-trigger.decorator.js';
import type { WantedTrigger } from './pipeline/attach/stored-trigger.js';
import type { Transform } from './pipeline/attach/transform.js';
import type { TriggerDefinition } from './pipeline/attach/trigger-definition.js';
import type { ReconcileReport } from './pipeline/attach/trigger-reconciler.js';
import type { ResolvedDispatcherOptions } from './dispatcher.options.js';
import { DispatcherShifts, type Shift } from './dispatcher-shifts.js';
import type { DeliveryTracer } from './pipeline/deliver/delivery-tracer.js';
import { DispatcherAssembly } from './pipeline/dispatcher-assembly.js';
import type { DispatcherLoad } from './pipeline/dispatcher-load.js';
import type { DispatcherObserver } from './pipeline/dispatcher-observer.js';
import type { Health } from './health.js';
import { SchedulerEntry } from './scheduler-entry.js';
import { StateLog } from './state-log.js';

/** An SQLSTATE of Postgres. */
const UNDEFINED_TABLE = '42P01';

/** What bootstrap puts in place, and where. */
export interface Blueprint {
  readonly dataSource: DataSource;
  readonly options: ResolvedOptions;
  readonly wanted: readonly WantedTrigger[];
}

/** Which data sources are taken: a second `forRoot` would claim and attach beside the first. */
const taken = new WeakSet<DataSource>();

/**
 * Boot and shutdown, so that their order is written down in one place.
 *
 * Bootstrap: migrate → attach → start. It runs after the host's own migrations and `synchronize`, because a
 * data source is connected before any hook runs. Shutdown: stop → drain → hand back, while the HTTP server
 * and the data source are still up.
 */
export class EventTriggersLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new StateLog(new Logger('EventTriggers'));
  private database: Database | null = null;
  private shifts: DispatcherShifts | null = null;
  private assembly: DispatcherAssembly | null = null;
  private readonly captureState: CaptureState = { drifted: [], intactAt: new Date() };

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: ResolvedOptions,
    private readonly features: FeatureDefinitions,
    private readonly axios: AxiosInstance,
    private readonly handlers: EventHandlers,
    private readonly dataSourceName: string,
    private readonly moduleRef: ModuleRef,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.takeDataSource();
    try {
      placeEntities(this.dataSource, this.options.schema);
      const definitions = this.definitions();
      const wanted = resolveDefinitions(definitions, this.dataSource, this.options);
      const handlers = this.handlers.of(this.dataSourceName);
      if (!this.hasReceiver()) refuseIdleHandlers(handlers, wanted);
      const assembly = new DispatcherAssembly(
        this.options,
        this.axios,
        { handlers: handlers.byTrigger, transforms: transformsOf(definitions) },
        this.logger,
        this.observer(),
        this.tracer(),
      );
      refuseAll(wanted.flatMap((trigger) => assembly.problemsOfDestination(trigger)));
      this.assembly = assembly;
      this.database = Database.of(this.dataSource);
      await this.install(this.database, wanted);
      if (this.options.dispatcher !== false)
        await this.startDispatcher(assembly, this.options.dispatcher, wanted);
    } catch (error) {
      await this.letGo();
      throw this.explained(error);
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { shifts } = this;
    // Hosts may close twice: by a signal, and by hand.
    this.shifts = null;
    try {
      await shifts?.stop();
    } catch (error) {
      this.logger.error(
        `The dispatcher could not hand back what it holds; it goes on elsewhere when the lease has run out: ${String(error)}`,
        { code: 'events-not-handed-back' },
      );
    }
    await this.letGo();
  }

  /** For whoever puts it in place instead of bootstrap; feature modules have to have spoken. */
  blueprint(): Blueprint {
    const { dataSource, options } = this;
    const wanted = resolveDefinitions(this.definitions(), dataSource, options);
    return { dataSource, options, wanted };
  }

  /** How this replica is. */
  health(): Health {
    const { drifted, intactAt } = this.captureState;
    const problems = [
      ...drifted.map(
        (name) =>
          `Event trigger "${name}": changes may go by uncaptured since ${intactAt.toISOString()}`,
      ),
      ...(this.shifts?.problems() ?? []),
    ];
    return { isHealthy: problems.length === 0, problems, drifted };
  }

  /** What the dispatcher of this replica has in its hands; null where none works. */
  load(): DispatcherLoad | null {
    return this.shifts?.load() ?? null;
  }

  /** What this process lacks that the trigger's destination asks for. */
  problemsOfDestination(trigger: WantedTrigger): EventTriggersError[] {
    if (this.assembly !== null) return this.assembly.problemsOfDestination(trigger);
    throw new SchemaError('The application has not started', {
      hint: 'Make and change triggers once app.init() or app.listen() is over.',
    });
  }

  private takeDataSource(): void {
    if (!this.dataSource.isInitialized) {
      throw new SchemaError('The data source is not connected when the application starts', {
        hint: 'Do not set manualInitialization, or initialize it before app.init().',
      });
    }
    if (taken.has(this.dataSource)) {
      throw new InvalidOptionsError(
        'EventTriggersModule.forRoot is imported twice for one data source',
        {
          hint: 'Import it once, in the root module; declare triggers elsewhere with forFeature.',
        },
      );
    }
    taken.add(this.dataSource);
  }

  /** Whether events may come to handlers of this application as webhooks, from wherever. */
  private hasReceiver(): boolean {
    return optionalProvider(this.moduleRef, EVENT_TRIGGERS_RECEIVER) !== null;
  }

  /** Whoever measures the dispatcher's work, if anybody does. */
  private observer(): DispatcherObserver | undefined {
    const token = tokenOf('Observer', this.dataSourceName);
    return optionalProvider<DispatcherObserver>(this.moduleRef, token) ?? undefined;
  }

  /** Whoever makes spans of deliveries, if anybody does. */
  private tracer(): DeliveryTracer | undefined {
    const token = tokenOf('Tracer', this.dataSourceName);
    return optionalProvider<DeliveryTracer>(this.moduleRef, token) ?? undefined;
  }

  private definitions(): TriggerDefinition[] {
    const onEntities = definitionsOnEntities(this.dataSource);
    validateDefinitions('The definitions of @EventTrigger', onEntities);
    return [...this.options.triggers, ...this.features.all(), ...onEntities];
  }

  private async install(database: Database, wanted: readonly WantedTrigger[]): Promise<void> {
    if (this.options.install === 'off') return;
    this.tell(await installAll(database, this.options, wanted));
  }

  /** One line for what is new; what was taken off is a warning, since an older release may have done it. */
  private tell({ created, attached, updated, removed, warnings }: ReconcileReport): void {
    const news = [...created, ...attached, ...updated];
    const { application } = this.options;
    if (news.length > 0)
      this.logger.log(`Attached, as defined now: ${news.join(', ')}`, {
        code: 'triggers-attached',
        application,
        count: news.length,
      });
    if (removed.length > 0) {
      this.logger.warn(
        `Taken off, since "${application}" does not define them: ${removed.join(', ')}`,
        { code: 'triggers-removed', application, count: removed.length },
      );
    }
    for (const warning of warnings)
      this.logger.warn(warning, { code: 'trigger-warning', application });
  }

  private async startDispatcher(
    assembly: DispatcherAssembly,
    settings: ResolvedDispatcherOptions,
    wanted: readonly WantedTrigger[],
  ): Promise<void> {
    const shifts = new DispatcherShifts(
      () => this.beginShift(assembly, wanted),
      settings,
      this.logger,
    );
    await shifts.start();
    this.shifts = shifts;
    if (settings.suspendAfter !== null)
      this.dataSource.subscribers.push(new CommitListener(() => shifts.wake()));
  }

  private async beginShift(
    assembly: DispatcherAssembly,
    wanted: readonly WantedTrigger[],
  ): Promise<Shift> {
    const database = (this.database ??= Database.of(this.dataSource));
    try {
      const declares = wanted.map(({ name }) => name);
      const dispatcher = await assembly.assemble(database, declares);
      const entry = await SchedulerEntry.add(this.moduleRef, await dispatcher.start());
      const patrol = new CapturePatrol(
        database,
        this.options,
        declares,
        this.captureState,
        () => this.install(database, wanted),
        this.logger,
      );
      patrol.begin();
      // Nobody has looked while it was away.
      if (this.shifts !== null) void patrol.look();
      return {
        dispatcher,
        end: async () => {
          patrol.end();
          entry.remove();
          try {
            await dispatcher.stop();
          } finally {
            await this.closeDatabase();
          }
        },
      };
    } catch (error) {
      await this.closeDatabase();
      throw error;
    }
  }

  /** With `install: 'off'` nothing has looked whether there is anything to work on. */
  private explained(error: unknown): unknown {
    const { schema, install } = this.options;
    if (install !== 'off' || (error as { code?: unknown }).code !== UNDEFINED_TABLE) return error;
    return new SchemaError(`Nothing is installed in the schema "${schema}"`, {
      hint: "Boot one process with install: 'apply', or name the schema that was installed.",
      cause: error,
    });
  }

  private async letGo(): Promise<void> {
    taken.delete(this.dataSource);
    await this.closeDatabase();
  }

  private async closeDatabase(): Promise<void> {
    const { database } = this;
    this.database = null;
    await database?.close();
  }
}

/** What the database cannot hold of the definitions, by the name of their trigger. */
function transformsOf(definitions: readonly TriggerDefinition[]): ReadonlyMap<string, Transform> {
  const transforms = new Map<string, Transform>();
  for (const { name, transform } of definitions)
    if (transform !== undefined) transforms.set(name, transform);
  return transforms;
}

/** All at once: a deployment that lacks two variables should not have to be started three times. */
function refuseAll(problems: readonly EventTriggersError[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const list = asList(problems.map(({ message }) => message.replaceAll('\n', '\n  ')));
  throw new InvalidOptionsError(`${problems.length} destinations cannot be used:${list}`, {
    cause: first,
  });
}
