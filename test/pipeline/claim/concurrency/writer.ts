import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Random } from '../../../support/random.mjs';

/** Rows that all writers fight for. */
export const SHARED_ROWS = 40;

const DEADLOCK = '40P01';
const ROLLED_BACK = 0.12;

/** What a writer knows for certain: the tokens of changes that are committed, and of those that are not. */
export interface Ledger {
  readonly committed: Set<string>;
  readonly rolledBack: Set<string>;
}

/** Writes transactions of every kind until told to stop, and keeps the book that the log is checked against. */
export class Writer {
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly client: pg.Client,
    private readonly random: Random,
    private readonly ledger: Ledger,
  ) {}

  async write(goesOn: () => boolean): Promise<void> {
    while (goesOn()) await this.transaction();
  }

  /** One transaction of many rows. */
  async large(rows: number): Promise<void> {
    const prefix = `${this.name}-large-`;
    await this.client.query(
      `insert into items (token) select $1 || g from generate_series(1, ${rows}) g`,
      [prefix],
    );
    for (let number = 1; number <= rows; number += 1)
      this.ledger.committed.add(`${prefix}${number}`);
  }

  private async transaction(): Promise<void> {
    const tokens: string[] = [];
    const lost: string[] = [];
    try {
      await this.client.query('begin');
      for (let step = this.random.between(1, 4); step > 0; step -= 1) await this.step(tokens, lost);
      if (this.random.chance(0.04)) await pause(this.random.between(1_000, 2_000));
      const rollBack = this.random.chance(ROLLED_BACK);
      await this.client.query(rollBack ? 'rollback' : 'commit');
      for (const token of tokens)
        (rollBack ? this.ledger.rolledBack : this.ledger.committed).add(token);
    } catch (error) {
      if ((error as { code?: string }).code !== DEADLOCK) throw error;
      await this.client.query('rollback');
      for (const token of tokens) this.ledger.rolledBack.add(token);
    }
    for (const token of lost) this.ledger.rolledBack.add(token);
  }

  private async step(tokens: string[], lost: string[]): Promise<void> {
    const kind = this.random.next();
    if (kind < 0.4) return await this.insert(tokens, 1);
    if (kind < 0.55) return await this.insert(tokens, this.random.between(2, 20));
    if (kind < 0.8) return await this.update(tokens);
    if (kind < 0.88) return await this.remove(tokens);
    await this.savepoint(tokens, lost);
  }

  private async insert(tokens: string[], rows: number): Promise<void> {
    const own = Array.from({ length: rows }, () => this.token());
    tokens.push(...own);
    await this.client.query('insert into items (token) select unnest($1::text[])', [own]);
  }

  private async update(tokens: string[]): Promise<void> {
    const token = this.token();
    tokens.push(token);
    await this.client.query('update shared set version = version + 1, token = $1 where id = $2', [
      token,
      this.random.between(1, SHARED_ROWS),
    ]);
  }

  private async remove(tokens: string[]): Promise<void> {
    const [born, gone] = [this.token(), this.token()];
    tokens.push(born, gone);
    const { rows } = await this.client.query<{ id: number }>(
      'insert into items (token) values ($1) returning id',
      [born],
    );
    // What a deleted row says last is what its event is recognised by.
    await this.client.query('update items set token = $1 where id = $2', [gone, rows[0]?.id]);
    await this.client.query('delete from items where id = $1', [rows[0]?.id]);
  }

  private async savepoint(tokens: string[], lost: string[]): Promise<void> {
    await this.client.query('savepoint s');
    const inside: string[] = [];
    await this.insert(inside, this.random.between(1, 3));
    const undone = this.random.chance(0.5);
    await this.client.query(undone ? 'rollback to savepoint s' : 'release savepoint s');
    (undone ? lost : tokens).push(...inside);
  }

  private token(): string {
    this.count += 1;
    return `${this.name}-${this.count}`;
  }
}
