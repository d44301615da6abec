import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { Database } from './database.js';
import { EventTriggersError } from './event-triggers.errors.js';
import type { EventTriggersLifecycle } from './event-triggers.lifecycle.js';
import type { ResolvedOptions } from './event-triggers.options.js';
import { suggestion } from './nearest-name.js';
import type { AttachConnection } from './pipeline/attach/attach-connection.js';
import { CaptureSwitch, type CaptureGap } from './pipeline/attach/capture-switch.js';
import type { RunTimeTriggerDefinition } from './pipeline/attach/run-time-trigger.js';
import {
  RunTimeTriggers,
  type RunTimeTriggerChanges,
} from './pipeline/attach/run-time-triggers.js';
import { SELECT_TABLE_COLUMNS, SELECT_TABLES } from './pipeline/attach/table-list.sql.js';
import type { WhenRemoved } from './pipeline/attach/trigger-definition.js';
import type { RunStatement } from './pipeline/retry/application-events.js';
import {
  pauseDelivery,
  resumeDelivery,
  triggerNames,
} from './pipeline/retry/delivery-pause.sql.js';
import { listTriggers, type TriggerSummary } from './pipeline/retry/trigger-list.js';
import { quoteIdentifier, type QuotedIdentifier } from './schema/identifier.js';
import { StateLog } from './state-log.js';

/** A table that a trigger can watch. */
export interface WatchableTable {
  readonly schema: string;
  readonly name: string;
}

export interface WatchableColumn {
  readonly name: string;
  /** As Postgres spells it. */
  readonly type: string;
  /** Whether it is part of the primary key. */
  readonly isKey: boolean;
}

/** What an application does with its triggers at run time: the first half of `EventTriggersService`. */
export abstract class TriggerAdministration {
  private readonly logger = new StateLog(new Logger('EventTriggers'));

  constructor(
    protected readonly dataSource: DataSource,
    protected readonly options: ResolvedOptions,
    protected readonly lifecycle: Pick<
      EventTriggersLifecycle,
      'health' | 'load' | 'problemsOfDestination'
    >,
  ) {}

  /**
   * The triggers of this application by name, with what is paused or fails, and what waits of each.
   *
   * @example
   * const failing = (await eventTriggers.listTriggers()).filter(({ failingSince }) => failingSince !== null);
   */
  async listTriggers(): Promise<TriggerSummary[]> {
    return listTriggers(this.run, this.schema, this.options.application);
  }

  /**
   * One trigger, with what rests or fails and what waits of it.
   *
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`
   */
  async getTrigger(name: string): Promise<TriggerSummary> {
    const [trigger] = await listTriggers(this.run, this.schema, this.options.application, name);
    if (trigger === undefined) throw await this.unknownTrigger(name);
    return trigger;
  }

  /**
   * Makes a trigger: stores its definition and attaches it to its table. All replicas deliver it within a second, and
   * it stays over restarts and releases until `deleteTrigger`. If the code comes to define one of that name, that holds.
   * One that was removed comes back with what waits of it.
   *
   * @throws EventTriggersError `ET_INVALID_TRIGGER` that lists all that is wrong, `ET_TRIGGER_EXISTS`,
   *   `ET_MISSING_ENVIRONMENT_VARIABLE`, or `ET_TABLE_LOCKED` where somebody keeps the table locked for `attachTimeout`
   *
   * @example
   * await eventTriggers.createTrigger({
   *   name: 'large_order',
   *   table: 'orders',
   *   insert: { where: { column: 'total', operator: '>=', value: 1000 } },
   *   webhook: 'https://example.com/large-orders',
   * });
   */
  async createTrigger(definition: RunTimeTriggerDefinition): Promise<TriggerSummary> {
    const { warnings } = await this.atRunTime((triggers) => triggers.create(definition));
    return this.told(definition.name, 'was made', warnings);
  }

  /**
   * Changes a trigger that was made at run time. What waits of it is delivered by the new definition; with another
   * `name` it is renamed, and keeps its events.
   *
   * @param changes what differs; null takes an option back to its default
   * @throws EventTriggersError as `createTrigger`, or `ET_UNKNOWN_TRIGGER`, `ET_OWNED_BY_CODE` where the definition
   *   stands in the code, `ET_TRIGGER_CHANGED` where somebody else was faster
   *
   * @example
   * await eventTriggers.updateTrigger('large_order', { webhook: 'https://example.com/v2/large-orders', timeout: null });
   */
  async updateTrigger(name: string, changes: RunTimeTriggerChanges): Promise<TriggerSummary> {
    const { warnings } = await this.atRunTime((triggers) => triggers.update(name, changes));
    return this.told(changes.name ?? name, 'was changed', warnings);
  }

  /**
   * Takes a trigger that was made at run time off its table.
   *
   * @param whenRemoved what becomes of its events that wait, instead of what its definition says
   * @returns how many waited
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`, `ET_OWNED_BY_CODE` or `ET_TABLE_LOCKED`
   *
   * @example
   * await eventTriggers.deleteTrigger('large_order', { whenRemoved: 'drain' }); // what waits is still delivered
   */
  async deleteTrigger(
    name: string,
    { whenRemoved }: { readonly whenRemoved?: WhenRemoved } = {},
  ): Promise<number> {
    const { waiting, fate } = await this.atRunTime((triggers) =>
      triggers.delete(name, whenRemoved),
    );
    this.logger.log(`Event trigger "${name}" was deleted; ${waiting} waited: ${fate}`, {
      code: 'trigger-deleted',
      trigger: name,
      count: waiting,
    });
    return waiting;
  }

  /**
   * The statements that `createTrigger` would execute on the table, without doing so.
   *
   * @throws EventTriggersError as `createTrigger`, but for a table that is locked
   */
  async previewTrigger(definition: RunTimeTriggerDefinition): Promise<readonly string[]> {
    return this.atRunTime((triggers) => triggers.preview(definition));
  }

  /** The tables that a trigger can watch, as far as the role of the data source sees them. */
  async listTables(): Promise<WatchableTable[]> {
    return this.run(SELECT_TABLES, [this.options.schema]);
  }

  /** The columns of a table; none where there is no such table. */
  async listColumns({ schema, name }: WatchableTable): Promise<WatchableColumn[]> {
    return this.run(SELECT_TABLE_COLUMNS, [schema, name]);
  }

  /**
   * Stops delivering a trigger, in all replicas within a second. Its changes are captured on; what is under
   * way ends, and the rest waits. It stays paused over restarts and new releases, until `resume`.
   *
   * @returns false if it was paused already
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`
   *
   * @example
   * await eventTriggers.pause('order_created'); // before the receiver goes down for an hour
   */
  async pause(name: string): Promise<boolean> {
    const isNews = await this.changeDelivery(name, pauseDelivery(this.schema));
    if (isNews)
      this.logger.log(`Event trigger "${name}" is not delivered any more, until resume`, {
        code: 'delivery-paused',
        trigger: name,
      });
    return isNews;
  }

  /**
   * Goes on with a trigger where it stopped, whether it was paused by hand or because its destination failed for
   * long or said that it is gone.
   *
   * @returns false if it was not paused
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`
   */
  async resume(name: string): Promise<boolean> {
    const isNews = await this.changeDelivery(name, resumeDelivery(this.schema));
    if (isNews)
      this.logger.log(`Event trigger "${name}" was resumed`, {
        code: 'delivery-resumed',
        trigger: name,
      });
    return isNews;
  }

  /**
   * Stops capturing a trigger: changes of its table go by and are never delivered, while what was captured before still
   * is, and `invoke` works. It stays paused over restarts and new releases, until `resumeCapture`.
   *
   * Its Postgres triggers are disabled, which costs writers nothing. For that it waits until nobody has written to the
   * table without having committed, as long as `attachTimeout`; new writers wait meanwhile for moments, readers never.
   *
   * @returns since when nothing is captured, an earlier time where it was paused already
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`, or `ET_TABLE_LOCKED` where somebody keeps the table locked, or
   *   `ET_INVALID_TRIGGER` where the role of the data source does not own it
   *
   * @example
   * await eventTriggers.pauseCapture('order_created'); // an import that nobody is to hear of
   */
  async pauseCapture(name: string): Promise<Date> {
    const pause = await this.withCapture((capture) => capture.pause(name, 'hand'));
    if (pause === null) throw await this.unknownTrigger(name);
    const { since, isNews } = pause;
    if (isNews)
      this.logger.warn(
        `Event trigger "${name}": changes are not captured since ${since.toISOString()}, until resumeCapture`,
        { code: 'capture-paused', trigger: name },
      );
    return since;
  }

  /**
   * Captures a trigger again.
   *
   * @returns the time whose changes were not captured, to the transaction; null if it was not paused
   * @throws EventTriggersError as `pauseCapture`
   *
   * @example
   * const missed = await eventTriggers.resumeCapture('order_created');
   * if (missed) console.log(`orders written from ${missed.from} to ${missed.to} have made no event`);
   */
  async resumeCapture(name: string): Promise<CaptureGap | null> {
    const missed = await this.withCapture((capture) => capture.resume(name));
    if (missed === null) throw await this.unknownTrigger(name);
    if (missed === 'captures') return null;
    this.logger.log(
      `Event trigger "${name}": changes are captured again; those from ${missed.from.toISOString()} to ${missed.to.toISOString()} were not`,
      { code: 'capture-resumed', trigger: name },
    );
    return missed;
  }

  protected readonly run: RunStatement = (text, values) => this.dataSource.query(text, [...values]);

  private async told(
    name: string,
    what: string,
    warnings: readonly string[],
  ): Promise<TriggerSummary> {
    this.logger.log(`Event trigger "${name}" ${what}`, { code: 'trigger-changed', trigger: name });
    for (const warning of warnings)
      this.logger.warn(warning, { code: 'trigger-warning', trigger: name });
    return this.getTrigger(name);
  }

  private atRunTime<Answer>(work: (triggers: RunTimeTriggers) => Promise<Answer>): Promise<Answer> {
    const { dataSource, options, lifecycle } = this;
    return this.onOwnConnection((connection) =>
      work(
        new RunTimeTriggers(connection, options.schema, {
          ...options,
          dataSource,
          problemsOfDestination: (trigger) => lifecycle.problemsOfDestination(trigger),
        }),
      ),
    );
  }

  private withCapture<Answer>(work: (capture: CaptureSwitch) => Promise<Answer>): Promise<Answer> {
    return this.onOwnConnection((connection) =>
      work(new CaptureSwitch(connection, this.options.schema, this.options)),
    );
  }

  /** The transaction must not be one that the host has open. */
  private async onOwnConnection<Answer>(
    work: (connection: AttachConnection) => Promise<Answer>,
  ): Promise<Answer> {
    const database = Database.of(this.dataSource);
    try {
      return await database.use(work);
    } finally {
      await database.close();
    }
  }

  private async changeDelivery(name: string, statement: string): Promise<boolean> {
    const { application } = this.options;
    const rows = await this.dataSource.query<{ changed: boolean }[]>(statement, [
      name,
      application,
    ]);
    const row = rows[0];
    if (row === undefined) throw await this.unknownTrigger(name);
    return row.changed;
  }

  protected async unknownTrigger(name: string): Promise<EventTriggersError> {
    const { application } = this.options;
    const rows = await this.dataSource.query<{ name: string }[]>(triggerNames(this.schema), [
      application,
    ]);
    const known = rows.map((row) => row.name);
    return new EventTriggersError(
      'ET_UNKNOWN_TRIGGER',
      `The application "${application}" has no event trigger "${name}"; ${suggestion(name, known)}`,
      {
        hint: 'Define it in forRoot, forFeature or with @EventTrigger, or make it with createTrigger.',
      },
    );
  }

  protected get schema(): QuotedIdentifier {
    return quoteIdentifier(this.options.schema);
  }
}
