import type { Command } from 'commander';
import { withExamples } from './examples.js';
import { UsageError } from './failure.js';
import { redeliverMany, type RedeliveryFlags } from './redelivery.js';
import { inSession } from './session.js';
import { rateOf, timeOf } from './value.js';

interface RedeliverOptions extends RedeliveryFlags {
  readonly dead?: boolean;
  readonly trigger?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly reason?: string;
  readonly error?: string;
  readonly key?: string;
}

export function registerRedeliver(program: Command): void {
  withExamples(
    program
      .command('redeliver')
      .argument('[id]', 'one event, as receivers see it')
      .option('--dead', 'all dead letters that match')
      .option('--trigger <name>', 'of this trigger')
      .option('--from <time>', 'changed from then on', timeOf)
      .option('--to <time>', 'changed before then', timeOf)
      .option('--reason <reason>', 'given up for this: exhausted, too-old, rejected, lease-lost')
      .option('--error <code>', 'whose last attempt came to this, such as HTTP_503')
      .option('--key <key>', "of this row's key")
      .option('--per-second <n>', 'no more than so many a second', rateOf)
      .option('--dry-run', 'only count them')
      .option('--yes', 'do not ask')
      .description('sends one event, or dead letters, again'),
    'redeliver 6d0f1c2a-9b3e-8f40-a1b2-000000000007',
    'redeliver --dead --trigger order_created --from 2026-11-28 --dry-run',
    'redeliver --dead --per-second 50 --yes',
  ).action((id: string | undefined, options: RedeliverOptions, command: Command) => {
    const { dead = false, trigger, from, to, reason, error: errorCode, key, ...flags } = options;
    if ((id !== undefined) === dead) {
      throw new UsageError('What is to be sent again?', 'Give the id of one event, or --dead.');
    }
    if (id === undefined)
      return redeliverMany(
        command,
        { trigger, from, to, reason, errorCode, key },
        flags,
        'dead letter',
      );
    return inSession(command, async ({ service, terminal }) => {
      await service.redeliver(id);
      terminal.done({ id, redelivered: 1 }, 'handed over for delivery');
    });
  });
}
