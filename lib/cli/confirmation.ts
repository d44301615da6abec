import { EventTriggersError } from '../event-triggers.errors.js';
import type { Terminal } from './terminal.js';

/**
 * Asks before something that cannot be undone, or concerns many.
 *
 * @returns false where somebody said no
 * @throws EventTriggersError `ET_NOT_CONFIRMED` where nobody can be asked
 */
export async function isConfirmed(
  terminal: Terminal,
  what: string,
  { yes = false }: { readonly yes?: boolean },
): Promise<boolean> {
  if (yes) return true;
  if (!terminal.isInteractive) {
    throw new EventTriggersError('ET_NOT_CONFIRMED', `${what}: that was not confirmed`, {
      hint: 'Add --yes.',
    });
  }
  if (await terminal.confirm(`${what}?`)) return true;
  terminal.note('nothing was done');
  return false;
}
