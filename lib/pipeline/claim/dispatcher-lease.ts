import { randomUUID } from 'node:crypto';
import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import { leaseStatements, type LeaseStatements } from './lease.sql.js';

/**
 * One dispatcher's proof of life, which covers everything it holds.
 *
 * When the lease has run out, or the server's history may have changed, everything in hand belongs to
 * somebody else: the dispatcher takes another name and starts with empty hands.
 */
export class DispatcherLease {
  /** The name under which this dispatcher claims; another one after every loss. */
  id: string = randomUUID();
  private readonly statements: LeaseStatements;
  private history: string | null = null;

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
    private readonly application: string,
    private readonly seconds: number,
  ) {
    this.statements = leaseStatements(schema);
  }

  /** Begins a new life under a new name. */
  async register(): Promise<void> {
    this.id = randomUUID();
    this.history = await this.readHistory();
    await this.database.run('event-triggers:register', this.statements.register, [
      this.id,
      this.application,
      this.seconds,
    ]);
  }

  /** Extends the lease. False when it had run out before. */
  async renew(lowestOpenBatch: string): Promise<boolean> {
    const rows = await this.database.run('event-triggers:heartbeat', this.statements.heartbeat, [
      this.id,
      this.seconds,
      lowestOpenBatch,
    ]);
    return (rows[0]?.[0] ?? null) !== null;
  }

  /**
   * Whether the server is still the one that heard of our claims: a restart after a crash, or a promotion,
   * may have forgotten the last of them.
   */
  async sameHistory(): Promise<boolean> {
    return this.history === (await this.readHistory());
  }

  /** Leaves in good order. What is still open goes on elsewhere at once. */
  async release(lowestOpenBatch: string | null): Promise<void> {
    await this.database.run('event-triggers:release', this.statements.release, [
      this.id,
      lowestOpenBatch,
    ]);
  }

  private async readHistory(): Promise<string> {
    const rows = await this.database.run('event-triggers:history', this.statements.history, []);
    return rows[0]?.[0] ?? '';
  }
}
