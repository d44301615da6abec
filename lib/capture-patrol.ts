import type { Database } from './database.js';
import type { ResolvedOptions } from './event-triggers.options.js';
import { CaptureGuard } from './pipeline/capture-guard.js';
import { CaptureWatch } from './pipeline/attach/capture-watch.js';
import { messageOf } from './pipeline/dispatcher-failure.js';
import { worded, type HeldLog } from './pipeline/held-log.js';
import type { DispatcherLog } from './pipeline/stages.js';
import { quoteIdentifier } from './schema/identifier.js';

/** How often each replica looks, more or less. */
const LOOKS_EVERY_MS = 60_000;

/** What was found and is not mended; one for the life of the application. */
export interface CaptureState {
  drifted: readonly string[];
  /** When all was in force. */
  intactAt: Date;
}

/**
 * Looks once a minute whether changes are captured as they should be: all that is, and for no trigger that keeps
 * more of the log than it may. What is found is mended where bootstrap may do so, and told once for each state.
 */
export class CapturePatrol {
  private readonly watch: CaptureWatch;
  private readonly guard: CaptureGuard | null;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;
  /** Whether the last look failed. */
  private isBlind = false;

  constructor(
    database: Database,
    private readonly options: ResolvedOptions,
    declares: readonly string[],
    private readonly state: CaptureState,
    private readonly mend: () => Promise<void>,
    private readonly log: DispatcherLog,
  ) {
    const { schema, application, retention, attachTimeout } = options;
    const { holdAtMost } = retention;
    this.watch = new CaptureWatch(database, quoteIdentifier(schema), application, declares);
    this.guard =
      holdAtMost === null
        ? null
        : new CaptureGuard(database, { schema, retention, holdAtMost, attachTimeout });
  }

  begin(): void {
    const pace = LOOKS_EVERY_MS * (0.5 + Math.random());
    this.timer = setInterval(() => void this.look(), pace).unref();
  }

  end(): void {
    this.ended = true;
    clearInterval(this.timer);
  }

  async look(): Promise<void> {
    try {
      await this.lookForDrift();
      for (const held of (await this.guard?.look()) ?? [])
        this.log.error(this.stopped(held), { code: 'capture-stopped', trigger: held.trigger });
      this.isBlind = false;
    } catch (error) {
      // Its connections are closed beneath it when the application ends.
      if (!this.ended && !this.isBlind)
        this.log.error(
          `Whether changes are captured could not be looked after: ${messageOf(error)}`,
          { code: 'capture-unwatched' },
        );
      this.isBlind = true;
    }
  }

  private async lookForDrift(): Promise<void> {
    const begunAt = new Date();
    const { drifted, orphaned } = await this.watch.look();
    if (drifted.length === 0) this.state.intactAt = begunAt;
    else if (drifted.join() !== this.state.drifted.join())
      this.log.error(this.drift(drifted), { code: 'capture-drifted', count: drifted.length });
    this.state.drifted = drifted;
    const mends = this.options.install === 'apply' && drifted.length + orphaned.length > 0;
    if (mends && !this.ended) await this.mend();
  }

  private drift(drifted: readonly string[]): string {
    const schema = quoteIdentifier(this.options.schema);
    return `Changes may have gone by uncaptured since ${this.state.intactAt.toISOString()}, when all was in force: the triggers on the tables of ${drifted.join(', ')} were dropped, changed or switched off, or a table was replaced. Call ${schema}.detach and attach around such a change`;
  }

  private stopped(held: HeldLog): string {
    return `The capture of ${worded(held)} was stopped: it keeps more of the event log than retention.holdAtMost, beyond the retention. Let it deliver or purge what waits, and call resumeCapture('${held.trigger}'), which tells the time whose changes were not captured`;
  }
}
