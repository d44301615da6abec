import { asList, EventTriggersError, SchemaError } from '../../event-triggers.errors.js';
import { quoteIdentifier, type QuotedIdentifier } from '../../schema/identifier.js';
import { inTransaction, type AttachConnection } from './attach-connection.js';
import type { PlannedChange } from './change-script.js';
import {
  describeChange,
  planChanges,
  type Change,
  type ExistingTrigger,
} from './reconcile-plan.js';
import type { WantedTrigger } from './stored-trigger.js';
import { keepOthersOut, untilLocked } from './table-lock.js';
import { TriggerInstaller, type Settled } from './trigger-installer.js';

export interface ReconcileSettings {
  /** Whose definitions `wanted` are; those of others are left alone. */
  readonly application: string;
  readonly install: 'apply' | 'verify' | 'off';
  /** Whether a definition that is not wanted any more is taken off its table. */
  readonly removeMissing: boolean;
  /** Milliseconds that a table which others keep locked may take, in total. */
  readonly attachTimeout: number;
}

/** What was done, by trigger names. */
export interface ReconcileReport {
  readonly created: string[];
  /** Attached anew: their triggers on the table changed. */
  readonly attached: string[];
  /** Stored anew: only where events go, or how, changed. */
  readonly updated: string[];
  readonly removed: string[];
  /** What waited of those that were removed. */
  readonly settled: Settled[];
  /** What somebody should look at, in whole sentences. */
  readonly warnings: string[];
}

/**
 * Brings the triggers of an application to what its definitions say.
 *
 * Comes in: resolved definitions and the database. Goes out: rows of `event_trigger`, functions and
 * triggers on the tables, and a cursor for each new stream, all of one table in one transaction. What must
 * always hold: no change goes by uncaptured while a trigger is replaced, writers are not held up for long,
 * what waits in a stream stays there. A crash leaves each table as it was before or as it is wanted.
 */
export class TriggerReconciler {
  private readonly schema: QuotedIdentifier;
  private readonly installer: TriggerInstaller;

  constructor(
    private readonly connection: AttachConnection,
    private readonly schemaName: string,
  ) {
    this.schema = quoteIdentifier(schemaName);
    this.installer = new TriggerInstaller(connection, this.schema);
  }

  /**
   * Safe when many replicas boot at once. Throws an `InvalidTriggerError` for a definition that the database
   * refuses, a `TableLockedError` for a table that stays locked, and with `install: 'verify'` a
   * `SchemaError` that lists every difference.
   */
  async reconcile(
    wanted: readonly WantedTrigger[],
    settings: ReconcileSettings,
  ): Promise<ReconcileReport> {
    const report = emptyReport();
    if (settings.install === 'off') return report;
    const changes = await this.plan(wanted, settings);
    if (settings.install === 'verify') this.refuseDifferences(changes);
    for (const tableful of byTable(changes)) {
      const names = new Set(tableful.map(nameOf));
      const plan = async (): Promise<Change[]> =>
        (await this.plan(wanted, settings)).filter((change) => names.has(nameOf(change)));
      await this.carryOut(plan, settings.attachTimeout, report);
    }
    await this.keepMade(wanted, settings, report);
    report.warnings.push(...(await this.installer.capturePauses(settings.application)));
    return report;
  }

  /** What `reconcile` would do, without doing so, and the statements that would be in force on the tables. */
  async preview(
    wanted: readonly WantedTrigger[],
    settings: ReconcileSettings,
  ): Promise<PlannedChange[]> {
    return this.compare(
      wanted,
      await this.installer.existing(settings.application, wanted),
      settings,
    );
  }

  /**
   * Does what `plan` says of the rows as they are once nobody else attaches, in one transaction.
   *
   * @param attachTimeout milliseconds
   * @returns `report`, with what was done added
   */
  async carryOut(
    plan: () => Promise<Change[]>,
    attachTimeout: number,
    report = emptyReport(),
  ): Promise<ReconcileReport> {
    let done: Change[] = [];
    let starts: string[] = [];
    await untilLocked(this.connection, attachTimeout, () =>
      inTransaction(this.connection, 'read write', async () => {
        await keepOthersOut(this.connection, this.schemaName, attachTimeout);
        done = await plan();
        starts = await this.installer.carryOut(done);
      }),
    );
    for (const change of done) report[LISTS[change.kind]].push(nameOf(change));
    const settled = await this.installer.settle(done);
    report.settled.push(...settled);
    report.warnings.push(...starts, ...done.flatMap(takenOver), ...settled.flatMap(whatIsLeft));
    report.warnings.push(...(await this.installer.warnings(done)));
    return report;
  }

  /** Those that were made at run time, one by one: what is wrong with one of them must keep nobody from booting. */
  private async keepMade(
    wanted: readonly WantedTrigger[],
    settings: ReconcileSettings,
    report: ReconcileReport,
  ): Promise<void> {
    const ofCode = new Set(wanted.map(({ name }) => name));
    const kept = { ...settings, removeMissing: false };
    const existing = (): Promise<ExistingTrigger[]> =>
      this.installer.existing(settings.application, []);
    const before = await existing();
    for (const trigger of before.flatMap(madeAtRunTime)) {
      const { name } = trigger;
      if (ofCode.has(name)) continue;
      try {
        const [found] = await this.compare([trigger], before, kept);
        if (found === undefined) continue;
        if (settings.install === 'verify') {
          report.warnings.push(notInForce(name, describeChange(found.change)));
          continue;
        }
        const plan = async (): Promise<Change[]> => {
          const rows = await existing();
          const now = rows.filter((row) => row.name === name).flatMap(madeAtRunTime);
          return (await this.compare(now, rows, kept)).map(({ change }) => change);
        };
        await this.carryOut(plan, settings.attachTimeout, report);
      } catch (error) {
        if (!(error instanceof EventTriggersError)) throw error;
        report.warnings.push(notInForce(name, error.message));
      }
    }
  }

  private async plan(
    wanted: readonly WantedTrigger[],
    settings: ReconcileSettings,
  ): Promise<Change[]> {
    return (await this.preview(wanted, settings)).map(({ change }) => change);
  }

  private async compare(
    wanted: readonly WantedTrigger[],
    existing: readonly ExistingTrigger[],
    settings: ReconcileSettings,
  ): Promise<PlannedChange[]> {
    const statements = await this.installer.statements(wanted, existing);
    const statementsOf = (trigger: WantedTrigger): readonly string[] =>
      statements.get(trigger) ?? [];
    return planChanges(wanted, existing, statementsOf, settings).map((change) => ({
      change,
      statements: change.kind === 'remove' ? [] : statementsOf(change.wanted),
    }));
  }

  private refuseDifferences(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const list = asList(changes.map(describeChange));
    throw new SchemaError(
      `Event triggers of the schema ${this.schema} are not what the application defines:${list}`,
      { hint: "Boot one process with install: 'apply' and a role that may create triggers." },
    );
  }
}

function emptyReport(): ReconcileReport {
  return { created: [], attached: [], updated: [], removed: [], settled: [], warnings: [] };
}

/** As it was made: nothing of it is worked out again by another release. */
function madeAtRunTime({
  name,
  application,
  definition,
  removed,
}: ExistingTrigger): WantedTrigger[] {
  if (definition.made === undefined || removed) return [];
  return [{ ...definition, name, application, formerly: [] }];
}

const notInForce = (name: string, why: string): string =>
  `Event trigger "${name}", which was made at run time, is not in force: ${why}`;

function takenOver(change: Change): string[] {
  if (change.kind === 'create' || change.kind === 'remove') return [];
  const { existing, wanted } = change;
  if (existing.definition.made === undefined || wanted.made !== undefined) return [];
  return [
    `Event trigger "${wanted.name}" was made at run time; from now on its definition is that of the code`,
  ];
}

function whatIsLeft({ name, fate, waiting }: Settled): string[] {
  if (waiting === 0 || fate === 'drain') return [];
  return [
    `Event trigger "${name}": what waited (${waiting}) ${
      fate === 'purge'
        ? 'was given up with it'
        : `is kept. Define it again to deliver it, or give it up with purge('${name}')`
    }`,
  ];
}

const LISTS = {
  create: 'created',
  attach: 'attached',
  update: 'updated',
  remove: 'removed',
} as const;

function nameOf(change: Change): string {
  return change.kind === 'remove' ? change.existing.name : change.wanted.name;
}

function byTable(changes: readonly Change[]): Change[][] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const { table } = change.kind === 'remove' ? change.existing.definition : change.wanted;
    const key = JSON.stringify([table.schema, table.name]);
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups.values()];
}
