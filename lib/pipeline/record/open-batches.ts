import type { ClaimedBatch } from '../claim/claimed-rows.js';
import type { OpenBatch } from './attempt.js';

/** The batches this dispatcher holds, each until everything in it is recorded. */
export class OpenBatches {
  private readonly batches = new Map<string, OpenBatch>();
  private newest = 0;

  open({ triggerId, id, claim, events }: ClaimedBatch): OpenBatch {
    const batch: OpenBatch = { triggerId, id, claim, open: events.length };
    this.batches.set(claim, batch);
    this.newest = Math.max(this.newest, Number(id));
    return batch;
  }

  /** Forgets the batches in which nothing is open any more. */
  settle(): void {
    for (const [claim, batch] of this.batches) {
      if (batch.open === 0) this.batches.delete(claim);
    }
  }

  /** No batch below this number is open here. */
  floor(): string {
    return this.lowest() ?? String(this.newest);
  }

  /** The lowest number that is open here, or null. */
  lowest(): string | null {
    this.settle();
    if (this.batches.size === 0) return null;
    return String(Math.min(...[...this.batches.values()].map(({ id }) => Number(id))));
  }

  clear(): void {
    this.batches.clear();
  }
}
