import type { Command } from 'commander';
import { withExamples } from './examples.js';
import { redeliverMany, type RedeliveryFlags } from './redelivery.js';
import { rateOf, timeOf } from './value.js';

interface ReplayOptions extends RedeliveryFlags {
  readonly trigger: string;
  readonly from: Date;
  readonly to: Date;
  readonly key?: string;
}

export function registerReplay(program: Command): void {
  withExamples(
    program
      .command('replay')
      .requiredOption('--trigger <name>', 'of this trigger')
      .requiredOption('--from <time>', 'changed from then on', timeOf)
      .requiredOption('--to <time>', 'changed before then', timeOf)
      .option('--key <key>', "of this row's key")
      .option('--per-second <n>', 'no more than so many a second', rateOf)
      .option('--dry-run', 'only count them')
      .option('--yes', 'do not ask')
      .description('sends events again that were delivered'),
    'replay --trigger order_created --from 2026-11-28T09:00Z --to 2026-11-28T10:00Z --dry-run',
    'replay --trigger order_created --from 2026-11-27 --to 2026-11-28 --per-second 50 --yes',
  ).action((options: ReplayOptions, command: Command) => {
    const { trigger, from, to, key, ...flags } = options;
    const filter = { state: 'delivered', trigger, from, to, key } as const;
    return redeliverMany(command, filter, flags, 'delivered event');
  });
}
