import type pg from 'pg';
import type { Database } from '../../../lib/database.js';
import { createEngine, type Engine } from '../support/engine.js';
import { CHANGES } from './planned-change.js';

/** A database in which scenes play one after the other, each with an application of its own. */
export class Ground {
  private scenes = 0;

  private constructor(
    readonly engine: Engine,
    /** Of every dispatcher in turn: new ones would cost more than all else of a scene. */
    readonly connections: Database,
    /** One for each transaction of a scene. */
    readonly writers: readonly pg.Client[],
  ) {}

  static async create(): Promise<Ground> {
    const engine = await createEngine();
    const writers = await Promise.all(Object.keys(CHANGES).map(() => engine.database.client()));
    return new Ground(engine, engine.connect(), writers);
  }

  /** Gives whoever looks after the logs something to make and something to drop. Returns the next application. */
  async clear(): Promise<string> {
    const { database, schema } = this.engine;
    const partitions = await database.query<{ name: string }>(
      `select name from ${schema}.partitions_v1() where starts_at > now() or ends_at < now() - interval '1 year'`,
    );
    for (const { name } of partitions)
      await database.query(`select ${schema}.drop_partition_v1($1)`, [name]);
    await database.query(
      `select ${schema}.make_partition_v1('attempt', 'attempt_2001010100', '2001-01-01 00:00Z', '2001-01-02 00:00Z')`,
    );
    this.scenes += 1;
    return `scene-${this.scenes}`;
  }

  async drop(): Promise<void> {
    await this.engine.drop();
  }
}
