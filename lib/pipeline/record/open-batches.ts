import type { ClaimedBatch } from '../claim/claimed-rows.js';
import type { OpenBatch } from './attempt.js';

/** The batches this dispatcher holds, each until everything in it is recorded. */
export class OpenBatches {
  private readonly batches = new Map<string, OpenBatch>();
  /** The number claimed last: whatever is claimed from now on is above it, until a crash of Postgres. */
  private newest = 0;

  /** A batch that this dispatcher claimed itself. */
  open(claimed: ClaimedBatch): OpenBatch {
    this.newest = Number(claimed.id);
    return this.inherit(claimed);
  }

  /** A batch that was somebody else's. Its number says nothing about claims that are under way. */
  inherit({ triggerId, id, claim, events }: ClaimedBatch): OpenBatch {
    const batch: OpenBatch = { triggerId, id, claim, open: events.length, held: true };
    this.batches.set(claim, batch);
    return batch;
  }

  /** Forgets the batches in which nothing is open any more. */
  settle(): void {
    for (const [claim, batch] of this.batches) {
      if (batch.open === 0) this.batches.delete(claim);
    }
  }

  all(): OpenBatch[] {
    this.settle();
    return [...this.batches.values()];
  }

  /** No batch below this number is open here, and none that a claim under way may bring. */
  floor(): string {
    return String(Math.min(this.newest, Number(this.lowest() ?? this.newest)));
  }

  /** The lowest number that is open here, or null. */
  lowest(): string | null {
    const open = this.all();
    return open.length === 0 ? null : String(Math.min(...open.map(({ id }) => Number(id))));
  }

  /** Lets go of all: whoever holds them next owes what is under way of them too. */
  clear(): void {
    for (const batch of this.batches.values()) batch.held = false;
    this.batches.clear();
    this.forgetNewest();
  }

  /** A crash of Postgres may issue numbers again. */
  forgetNewest(): void {
    this.newest = 0;
  }
}
