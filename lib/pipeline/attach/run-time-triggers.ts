import { isDeepStrictEqual } from 'node:util';
import type { DataSource } from 'typeorm';
import { EventTriggersError } from '../../event-triggers.errors.js';
import { suggestion } from '../../nearest-name.js';
import { quoteIdentifier, type QuotedIdentifier } from '../../schema/identifier.js';
import type { AttachConnection } from './attach-connection.js';
import { resolveDefinitions, type DefinitionDefaults } from './definition-resolver.js';
import { planChanges, type Change, type ExistingTrigger } from './reconcile-plan.js';
import { resolveTable } from './resolved-table.js';
import type { ConditionColumn } from './row-condition.js';
import {
  conditionsToSql,
  refuseMalformed,
  type RunTimeTriggerDefinition,
} from './run-time-trigger.js';
import { selectColumns } from './run-time-triggers.sql.js';
import type { WantedTrigger } from './stored-trigger.js';
import { refusalOf } from './trigger-refusal.js';
import type { WhenRemoved } from './trigger-definition.js';
import { TriggerInstaller, type Settled } from './trigger-installer.js';
import { TriggerReconciler, type ReconcileReport } from './trigger-reconciler.js';

/** What of a definition changes; null takes an option back to its default. */
export type RunTimeTriggerChanges = {
  [Option in keyof RunTimeTriggerDefinition]?: RunTimeTriggerDefinition[Option] | null;
};

/** What a definition that is made at run time has to fit, beside the database. */
export interface RunTimeSurroundings extends DefinitionDefaults {
  readonly dataSource: DataSource;
  /** Milliseconds. */
  readonly attachTimeout: number;
  /** What this process lacks that the trigger's destination asks for. */
  readonly problemsOfDestination: (trigger: WantedTrigger) => readonly EventTriggersError[];
}

/**
 * Triggers that are made, changed and deleted while the application runs.
 *
 * Comes in: a definition as JSON. Goes out: the same row and the same triggers on the table that a definition in code
 * would have. What must always hold: a definition that is the code's is never changed here, and of two who change one
 * at the same time the second is told.
 */
export class RunTimeTriggers {
  private readonly schema: QuotedIdentifier;
  private readonly installer: TriggerInstaller;
  private readonly reconciler: TriggerReconciler;

  constructor(
    private readonly connection: AttachConnection,
    schemaName: string,
    private readonly surroundings: RunTimeSurroundings,
  ) {
    this.schema = quoteIdentifier(schemaName);
    this.installer = new TriggerInstaller(connection, this.schema);
    this.reconciler = new TriggerReconciler(connection, schemaName);
  }

  /** @throws EventTriggersError `ET_INVALID_TRIGGER`, `ET_TRIGGER_EXISTS`, `ET_TABLE_LOCKED` */
  async create(definition: RunTimeTriggerDefinition): Promise<ReconcileReport> {
    const wanted = await this.resolve(definition);
    return this.carryOut(wanted, (existing) => {
      if (existing.some(({ name, removed }) => name === wanted.name && !removed)) {
        throw new EventTriggersError(
          'ET_TRIGGER_EXISTS',
          `There is an event trigger "${wanted.name}" already`,
          { hint: 'Choose another name, or change that one with updateTrigger.' },
        );
      }
    });
  }

  /** @throws EventTriggersError as `create`, or `ET_UNKNOWN_TRIGGER`, `ET_OWNED_BY_CODE`, `ET_TRIGGER_CHANGED` */
  async update(name: string, changes: RunTimeTriggerChanges): Promise<ReconcileReport> {
    const before = this.made(name, await this.existing());
    const definition = { ...before, ...changes };
    const wanted = await this.resolve(definition as RunTimeTriggerDefinition);
    const renamed = wanted.name === name ? wanted : { ...wanted, formerly: [name] };
    return this.carryOut(renamed, (existing) => {
      if (!isDeepStrictEqual(this.made(name, existing), before)) {
        throw new EventTriggersError(
          'ET_TRIGGER_CHANGED',
          `Somebody else has changed the event trigger "${name}" at the same time`,
          { hint: 'Look at it and try again.' },
        );
      }
      if (renamed.name !== name && existing.some((row) => row.name === renamed.name)) {
        throw new EventTriggersError(
          'ET_TRIGGER_EXISTS',
          `There is an event trigger "${renamed.name}" already, or events of one that was removed`,
          { hint: 'Choose another name.' },
        );
      }
    });
  }

  /** @throws EventTriggersError `ET_UNKNOWN_TRIGGER`, `ET_OWNED_BY_CODE`, `ET_TABLE_LOCKED` */
  async delete(name: string, whenRemoved?: WhenRemoved): Promise<Settled> {
    const { settled } = await this.reconciler.carryOut(async () => {
      const rows = await this.existing();
      this.made(name, rows);
      return rows
        .filter((row) => row.name === name)
        .map((existing): Change => ({ kind: 'remove', existing, whenRemoved }));
    }, this.surroundings.attachTimeout);
    return settled[0]!;
  }

  /**
   * The statements that would be in force on the table.
   *
   * @throws EventTriggersError as `create`
   */
  async preview(definition: RunTimeTriggerDefinition): Promise<readonly string[]> {
    const wanted = await this.resolve(definition);
    const existing = await this.existing(wanted);
    return (await this.installer.statements([wanted], existing)).get(wanted) ?? [];
  }

  private async carryOut(
    wanted: WantedTrigger,
    check: (existing: readonly ExistingTrigger[]) => void,
  ): Promise<ReconcileReport> {
    const { application, attachTimeout } = this.surroundings;
    return this.reconciler.carryOut(async () => {
      const existing = await this.existing(wanted);
      check(existing);
      const statements = await this.installer.statements([wanted], existing);
      return planChanges([wanted], existing, () => statements.get(wanted) ?? [], {
        application,
        removeMissing: false,
      });
    }, attachTimeout);
  }

  private existing(...wanted: WantedTrigger[]): Promise<ExistingTrigger[]> {
    return this.installer.existing(this.surroundings.application, wanted);
  }

  /** The definition as it was given; refuses one that is the code's. */
  private made(name: string, existing: readonly ExistingTrigger[]): RunTimeTriggerDefinition {
    const { application } = this.surroundings;
    const own = existing.filter((row) => row.application === application && !row.removed);
    const row = own.find((one) => one.name === name);
    if (row === undefined) {
      const known = own.map((one) => one.name);
      throw new EventTriggersError(
        'ET_UNKNOWN_TRIGGER',
        `The application "${application}" has no event trigger "${name}"; ${suggestion(name, known)}`,
        { hint: 'Make it with createTrigger.' },
      );
    }
    if (row.definition.made !== undefined) return row.definition.made;
    throw new EventTriggersError(
      'ET_OWNED_BY_CODE',
      `The event trigger "${name}" is defined in the code of "${application}"`,
      { hint: 'Change its definition there, and deploy it.' },
    );
  }

  private async resolve(given: RunTimeTriggerDefinition): Promise<WantedTrigger> {
    const definition = asStored(given);
    const { dataSource, problemsOfDestination, ...defaults } = this.surroundings;
    const columns = await this.columnsOf(definition, dataSource);
    const [wanted] = resolveDefinitions(
      [conditionsToSql(definition, columns)],
      dataSource,
      defaults,
    );
    const made = { ...wanted!, made: definition };
    const [problem] = problemsOfDestination(made);
    if (problem !== undefined) throw problem;
    return made;
  }

  private async columnsOf(
    { name, table }: RunTimeTriggerDefinition,
    dataSource: DataSource,
  ): Promise<ConditionColumn[]> {
    const place = resolveTable(name, table, dataSource);
    try {
      const { rows } = await this.connection.query(selectColumns(this.schema), [
        name,
        place.schema,
        place.name,
      ]);
      return rows as ConditionColumn[];
    } catch (error) {
      throw refusalOf(name, error);
    }
  }
}

/** As it is stored: JSON, without what takes an option back to its default. */
function asStored(given: RunTimeTriggerDefinition): RunTimeTriggerDefinition {
  const options = Object.entries(given ?? {}).filter(([, value]) => value !== null);
  const definition = Object.fromEntries(options) as unknown as RunTimeTriggerDefinition;
  refuseMalformed(definition);
  return JSON.parse(JSON.stringify(definition)) as RunTimeTriggerDefinition;
}
