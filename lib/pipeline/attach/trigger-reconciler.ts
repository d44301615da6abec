import { SchemaError } from '../../event-triggers.errors.js';
import { quoteIdentifier, type QuotedIdentifier } from '../../schema/identifier.js';
import { inTransaction, type AttachConnection } from './attach-connection.js';
import { describeChange, planChanges, type Change } from './reconcile-plan.js';
import type { WantedTrigger } from './stored-trigger.js';
import { keepOthersOut, untilLocked } from './table-lock.js';
import { TriggerInstaller } from './trigger-installer.js';

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
    const report: ReconcileReport = {
      created: [],
      attached: [],
      updated: [],
      removed: [],
      warnings: [],
    };
    if (settings.install === 'off') return report;
    const changes = await this.plan(wanted, settings);
    if (settings.install === 'verify') this.refuseDifferences(changes);
    for (const tableful of byTable(changes)) await this.apply(tableful, wanted, settings, report);
    report.warnings.push(...(await this.installer.capturePauses(settings.application)));
    return report;
  }

  private async plan(
    wanted: readonly WantedTrigger[],
    { application, removeMissing }: ReconcileSettings,
  ): Promise<Change[]> {
    const existing = await this.installer.existing(application, wanted);
    const statements = await this.installer.statements(wanted, existing);
    return planChanges(wanted, existing, (trigger) => statements.get(trigger) ?? [], {
      application,
      removeMissing,
    });
  }

  private refuseDifferences(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const list = changes.map((change) => `\n  - ${describeChange(change)}`).join('');
    throw new SchemaError(
      `Event triggers of the schema ${this.schema} are not what the application defines:${list}`,
      { hint: "Boot one process with install: 'apply' and a role that may create triggers." },
    );
  }

  /** Does the changes of one table in one transaction, as they are once nobody else attaches. */
  private async apply(
    planned: readonly Change[],
    wanted: readonly WantedTrigger[],
    settings: ReconcileSettings,
    report: ReconcileReport,
  ): Promise<void> {
    const names = new Set(planned.map(nameOf));
    let done: Change[] = [];
    let starts: string[] = [];
    await untilLocked(this.connection, settings.attachTimeout, () =>
      inTransaction(this.connection, 'read write', async () => {
        await keepOthersOut(this.connection, this.schemaName, settings.attachTimeout);
        const current = await this.plan(wanted, settings);
        done = current.filter((change) => names.has(nameOf(change)));
        starts = await this.installer.carryOut(done);
      }),
    );
    for (const change of done) report[LISTS[change.kind]].push(nameOf(change));
    report.warnings.push(...starts, ...(await this.installer.settle(done)));
    report.warnings.push(...(await this.installer.warnings(done)));
  }
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
