import type { Command } from 'commander';

/** What `--help` shows beneath the options: a line for each example. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  event-triggers ${example}`).join('\n');
  return command.addHelpText('after', `\nExamples:\n${lines}`);
}
