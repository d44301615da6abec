import type { Database, TextRow } from '../../../lib/database.js';

/** What of a call gets lost: it never arrives, or its answer never comes back. */
export type Loss = 'request' | 'answer';

export class LostCall extends Error {}

/** A dispatcher's way to the database, on which the next call can get lost. */
export class LossyConnections implements Pick<Database, 'run' | 'brokenWhileIdle'> {
  readonly brokenWhileIdle = 0;
  private loss: Loss | null = null;

  constructor(private readonly connections: Database) {}

  loseNext(loss: Loss): void {
    this.loss = loss;
  }

  async run(...call: Parameters<Database['run']>): Promise<TextRow[]> {
    const { loss } = this;
    this.loss = null;
    if (loss === 'request') throw new LostCall('the request got lost');
    const rows = await this.connections.run(...call);
    if (loss === 'answer') throw new LostCall('the answer got lost');
    return rows;
  }
}
