import type { Command } from 'commander';
import type { RedeliveryFilter } from '../pipeline/retry/event-operations.js';
import { isConfirmed } from './confirmation.js';
import { longWork } from './long-work.js';
import { inSession } from './session.js';
import { counted } from './wording.js';

/** How many events are sent again. */
export interface RedeliveryFlags {
  readonly dryRun?: boolean;
  readonly perSecond?: number;
  readonly yes?: boolean;
}

/**
 * Sends many events again: counts them first, and asks.
 *
 * @param which in words: `dead letters`
 */
export function redeliverMany(
  command: Command,
  filter: RedeliveryFilter,
  { dryRun = false, perSecond, yes }: RedeliveryFlags,
  which: string,
): Promise<void> {
  return inSession(command, async ({ service, terminal }) => {
    const matching = await service.redeliverMany(filter, { dryRun: true });
    if (dryRun || matching === 0) {
      terminal.result({ matching, redelivered: 0 }, () => counted(matching, which));
      return;
    }
    if (!(await isConfirmed(terminal, `Send ${counted(matching, which)} again`, { yes }))) return;
    const { result: redelivered, code } = await longWork(
      terminal,
      'redelivered',
      matching,
      ({ signal, onProgress }) => service.redeliverMany(filter, { perSecond, signal, onProgress }),
    );
    terminal.done(
      { matching, redelivered },
      `${counted(redelivered, which)} handed over for delivery`,
    );
    return code;
  });
}
