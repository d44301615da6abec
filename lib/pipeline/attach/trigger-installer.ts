import type { QuotedIdentifier } from '../../schema/identifier.js';
import { inTransaction, setLocal, sqlState, type AttachConnection } from './attach-connection.js';
import type { CapturePauseReason } from './capture-switch.js';
import { selectCapturePauses } from './capture-switch.sql.js';
import {
  install,
  SELECT_TABLE_TRAITS,
  selectStatements,
  selectTables,
  tryConditions,
  uninstall,
} from './install.sql.js';
import { PastCopier, type CopiedPast } from './past-copier.js';
import { isStored, rowOf, type Change, type ExistingTrigger } from './reconcile-plan.js';
import { contentOf, type TriggerContent, type WantedTrigger } from './stored-trigger.js';
import type { WhenRemoved } from './trigger-definition.js';
import { lockTables, type TableToLock } from './table-lock.js';
import { refusalOf } from './trigger-refusal.js';
import {
  countWaiting,
  cutLog,
  insertTrigger,
  markRemoved,
  selectTriggers,
  updateTrigger,
} from './trigger-rows.sql.js';

/** A condition is tried on a few rows; one that takes longer than this is slow for every write. */
const CONDITION_TIMEOUT = 1_000;
/** The number of a definition that has no row yet: what depends on it is not compared. */
const NO_NUMBER = 0;

/** What became of the events that waited of a trigger that was taken off. */
export interface Settled {
  readonly name: string;
  readonly fate: WhenRemoved;
  readonly waiting: number;
}

/** Reads and changes what stands in the database, for `TriggerReconciler`, which says when. */
export class TriggerInstaller {
  private readonly past: PastCopier;

  constructor(
    private readonly connection: AttachConnection,
    private readonly schema: QuotedIdentifier,
  ) {
    this.past = new PastCopier(connection, schema);
  }

  /** The rows of an application, and those of others that have one of the wanted names. */
  async existing(
    application: string,
    wanted: readonly WantedTrigger[],
  ): Promise<ExistingTrigger[]> {
    const names = wanted.flatMap(({ name, formerly }) => [name, ...formerly]);
    const { rows } = await this.connection.query(selectTriggers(this.schema), [application, names]);
    return (rows as (ExistingTrigger & { definition: string })[]).map((row) => ({
      ...row,
      // As text, since the host may have told its driver to read json in another way.
      definition: JSON.parse(row.definition) as TriggerContent,
    }));
  }

  /** The statements that should be in force; throws an `InvalidTriggerError` where there can be none. */
  async statements(
    wanted: readonly WantedTrigger[],
    existing: readonly ExistingTrigger[],
  ): Promise<Map<WantedTrigger, readonly string[]>> {
    const statements = new Map<WantedTrigger, readonly string[]>();
    for (const trigger of wanted) {
      const number = rowOf(trigger, existing)?.id ?? NO_NUMBER;
      const rows = await this.forTrigger(trigger.name, selectStatements(this.schema), [
        number,
        trigger.name,
        JSON.stringify(contentOf(trigger)),
      ]);
      statements.set(trigger, (rows[0] as { statements: string[] }).statements);
    }
    return statements;
  }

  /**
   * In the caller's transaction. The tables are locked before any row that others may wait for. Returns what new
   * triggers start with, in whole sentences.
   */
  async carryOut(changes: readonly Change[]): Promise<string[]> {
    const numbers = new Map<Change, number>();
    for (const change of changes) numbers.set(change, await this.numberOf(change));
    const pasts = await this.beginPasts(numbers);
    const withLocks = changes.filter(({ kind }) => kind !== 'update');
    await this.lock(
      withLocks,
      withLocks.map((change) => numbers.get(change) ?? NO_NUMBER),
    );
    const told: string[] = [];
    for (const one of pasts) told.push(typeof one === 'string' ? one : await this.past.finish(one));
    for (const [change, number] of numbers) await this.carryOutOne(change, number);
    return told;
  }

  /** What the conditions raise on rows that are there, and what a table hides from triggers. */
  async warnings(changes: readonly Change[]): Promise<string[]> {
    const warnings: string[] = [];
    const attached = changes.flatMap((change) =>
      change.kind === 'create' || change.kind === 'attach' ? [change.wanted] : [],
    );
    const rows = await this.existing('', attached);
    for (const trigger of attached) {
      const row = rowOf(trigger, rows);
      if (row !== undefined && trigger.enabled) {
        warnings.push(...(await this.conditionWarnings(trigger, row.id)));
        warnings.push(...(await this.tableWarnings(trigger)));
      }
    }
    return warnings;
  }

  /** Sees to what waits of triggers that were taken off. */
  async settle(changes: readonly Change[]): Promise<Settled[]> {
    const settled: Settled[] = [];
    for (const change of changes) {
      if (change.kind !== 'remove') continue;
      const { id, name } = change.existing;
      const fate = fateOf(change);
      settled.push({ name, fate, waiting: await this.waitingOf(id, fate === 'purge') });
    }
    return settled;
  }

  /** That changes go by, for as long as somebody has paused their capture. */
  async capturePauses(application: string): Promise<string[]> {
    const { rows } = await this.connection.query(selectCapturePauses(this.schema), [application]);
    return (rows as { name: string; pausedAt: number; reason: CapturePauseReason }[]).map(
      ({ name, pausedAt, reason }) =>
        `Event trigger "${name}": changes are not captured since ${new Date(pausedAt).toISOString()}, ${
          reason === 'full' ? 'because it kept more of the event log than it may, ' : ''
        }until resumeCapture('${name}')`,
    );
  }

  /** Of a log that is refused nothing can be said or given up, and dispatchers tell why. */
  private async waitingOf(number: number, purges: boolean): Promise<number> {
    try {
      await this.connection.query(cutLog(this.schema));
      const { rows } = await this.connection.query(countWaiting(this.schema), [number, purges]);
      return (rows[0] as { waiting: number }).waiting;
    } catch (error) {
      if (sqlState(error)?.startsWith('ET') ?? false) return 0;
      throw error;
    }
  }

  private async numberOf(change: Change): Promise<number> {
    if (change.kind !== 'create') return change.existing.id;
    const rows = await this.forTrigger(
      change.wanted.name,
      insertTrigger(this.schema),
      row(change.wanted),
    );
    return (rows[0] as { id: number }).id;
  }

  private async beginPasts(numbers: ReadonlyMap<Change, number>): Promise<(CopiedPast | string)[]> {
    const pasts: (CopiedPast | string)[] = [];
    for (const [change, number] of numbers) {
      const past = change.kind === 'create' ? await this.past.begin(change.wanted, number) : null;
      if (past !== null) pasts.push(past);
    }
    return pasts;
  }

  private async lock(changes: readonly Change[], numbers: readonly number[]): Promise<void> {
    const { rows } = await this.connection.query(selectTables(this.schema), [
      numbers,
      changes.map((change) =>
        change.kind === 'remove' ? change.existing.name : change.wanted.name,
      ),
      changes.map((change) =>
        change.kind === 'remove' ? null : JSON.stringify(contentOf(change.wanted)),
      ),
    ]);
    await lockTables(this.connection, rows as TableToLock[]);
  }

  private async carryOutOne(change: Change, number: number): Promise<void> {
    if (change.kind === 'remove') {
      await this.forTrigger(change.existing.name, uninstall(this.schema), [number]);
      await this.forTrigger(change.existing.name, markRemoved(this.schema), [
        number,
        fateOf(change) === 'drain',
      ]);
      return;
    }
    const { wanted } = change;
    if (change.kind !== 'create' && !isStored(wanted, change.existing)) {
      await this.forTrigger(wanted.name, updateTrigger(this.schema), [...row(wanted), number]);
    }
    if (change.kind !== 'update')
      await this.forTrigger(wanted.name, install(this.schema), [number]);
  }

  /** In a read-only transaction: a condition that writes is told, not carried out. */
  private async conditionWarnings(trigger: WantedTrigger, number: number): Promise<string[]> {
    const hasCondition = [trigger.insert, trigger.update, trigger.delete].some(
      (operation) => operation?.when !== undefined,
    );
    if (!hasCondition) return [];
    const rows = await inTransaction(this.connection, 'read only', async () => {
      await setLocal(this.connection, 'statement_timeout', CONDITION_TIMEOUT);
      return this.forTrigger(trigger.name, tryConditions(this.schema), [number]);
    });
    return (rows as { operation: string; problem: string }[]).map(
      ({ operation, problem }) =>
        `Event trigger "${trigger.name}": the condition of ${operation} fails on a row that is there, and a write of such a row will fail with it: ${withoutValues(problem)}`,
    );
  }

  private async tableWarnings(trigger: WantedTrigger): Promise<string[]> {
    const { schema, name } = trigger.table;
    const { rows } = await this.connection.query(SELECT_TABLE_TRAITS, [schema, name]);
    const traits = rows[0] as { isPartitioned: boolean; virtualColumns: string[] } | undefined;
    const warnings: string[] = [];
    if (traits?.isPartitioned && trigger.update && !(trigger.insert && trigger.delete)) {
      warnings.push(
        `Event trigger "${trigger.name}": an update that moves a row to another partition of "${name}" is a delete and an insert, which it does not capture`,
      );
    }
    if (traits !== undefined && traits.virtualColumns.length > 0) {
      warnings.push(
        `Event trigger "${trigger.name}": Postgres does not compute virtual generated columns for triggers, so payloads hold null for ${traits.virtualColumns.join(', ')} of "${name}"; make them stored`,
      );
    }
    return warnings;
  }

  /** Says in an error whose it was. */
  private async forTrigger(
    name: string,
    text: string,
    values: readonly unknown[],
  ): Promise<unknown[]> {
    try {
      return (await this.connection.query(text, values)).rows;
    } catch (error) {
      throw refusalOf(name, error);
    }
  }
}

function fateOf({ existing, whenRemoved }: Extract<Change, { kind: 'remove' }>): WhenRemoved {
  return whenRemoved ?? existing.definition.whenRemoved ?? 'keep';
}

function row(wanted: WantedTrigger): [string, string, string] {
  return [wanted.name, wanted.application, JSON.stringify(contentOf(wanted))];
}

/**
 * What Postgres quotes in a message, in whatever language, may be what the row holds, and warnings are logged. From the first
 * mark to the last, since a value may have some too.
 */
const withoutValues = (message: string): string =>
  message.replace(/["'„“”«»‘’].*["'„“”«»‘’]/s, '"…"');
