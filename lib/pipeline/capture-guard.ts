import type { Database } from '../database.js';
import { quoteIdentifier } from '../schema/identifier.js';
import { CaptureSwitch } from './attach/capture-switch.js';
import { overfull, readHeld, type HeldLog } from './held-log.js';

export interface CaptureGuardSettings {
  readonly schema: string;
  readonly retention: { readonly events: number };
  /** Bytes of the event log that a trigger may keep beyond the retention. */
  readonly holdAtMost: number;
  readonly attachTimeout: number;
}

/**
 * Stops the capture of triggers that make no progress and keep more of the event log than they may: a webhook that
 * nobody misses must not fill the disk of the database.
 */
export class CaptureGuard {
  constructor(
    private readonly database: Database,
    private readonly settings: CaptureGuardSettings,
  ) {}

  /** Whose capture it has stopped. Throws as `CaptureSwitch.pause`. */
  async look(): Promise<HeldLog[]> {
    const { schema, retention, holdAtMost, attachTimeout } = this.settings;
    const held = await readHeld(this.database, quoteIdentifier(schema), retention.events);
    const stopped = overfull(held, holdAtMost);
    for (const { trigger, application } of stopped) {
      await this.database.use((connection) =>
        new CaptureSwitch(connection, schema, { application, attachTimeout }).pause(
          trigger,
          'full',
        ),
      );
    }
    return stopped;
  }
}
