import type { DispatcherLease } from './claim/dispatcher-lease.js';
import { HeldRetries } from './record/held-retries.js';
import { OpenBatches } from './record/open-batches.js';

/** Below every batch. */
const LOWEST_BATCH = '0';

/**
 * Why a dispatcher may be wrong about what it holds: a call whose answer got lost may have taken something,
 * and what a lost lease covered belongs to somebody else.
 */
type Doubt = 'none' | 'answer-lost' | 'lease-lost';

/**
 * What this dispatcher holds in its name.
 *
 * What must hold: nothing is taken to be held that somebody else may have been given, and nothing is
 * forgotten that stands in this dispatcher's name.
 */
export class Holdings {
  readonly batches = new OpenBatches();
  readonly retries = new HeldRetries();
  private reason: Doubt = 'none';

  /** Before the next claim it has to be found out what is held. */
  get isDoubtful(): boolean {
    return this.reason !== 'none';
  }

  doubt(reason: Exclude<Doubt, 'none'>): void {
    if (this.reason !== 'lease-lost') this.reason = reason;
  }

  /** No batch below this number is held, nor will be one that a call under way may have taken. */
  floor(): string {
    return this.isDoubtful ? LOWEST_BATCH : this.batches.floor();
  }

  /** The batch that whoever comes next has to begin with; null where nothing is left. */
  lowest(): string | null {
    return this.isDoubtful ? LOWEST_BATCH : this.batches.lowest();
  }

  /**
   * Asks what still stands, under a name that no lost call knows, which hands back what such a call took.
   *
   * @returns whether all that was held is held; otherwise let go of it, because a crash of Postgres that
   * forgets one claim makes the others as doubtful
   */
  async regain(lease: DispatcherLease): Promise<boolean> {
    if (this.reason === 'lease-lost') return false;
    const batches = this.batches.all();
    const standing = await lease.rename({ batches, retries: this.retries.all() });
    if (standing === null) this.doubt('lease-lost');
    if (standing !== batches.length) return false;
    this.batches.forgetNewest();
    this.reason = 'none';
    return true;
  }

  /** Forgets all of it: it belongs to whoever takes over, if need be to us. */
  async letGo(lease: DispatcherLease): Promise<void> {
    this.batches.clear();
    this.retries.clear();
    if (this.reason === 'lease-lost') await lease.register();
    else await lease.rename({ batches: [], retries: [] });
    this.reason = 'none';
  }
}
