import { access, writeFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { isConfirmed } from '../confirmation.js';
import { withExamples } from '../examples.js';
import { EXIT, type ExitCode } from '../failure.js';
import { longWork } from '../long-work.js';
import { inSession, terminalOf, type CommonOptions, type Session } from '../session.js';
import type { Terminal } from '../terminal.js';
import { counted } from '../wording.js';
import { definitionsSource } from './definitions-source.js';
import { EventCarrier, type CarriedEvents, type HasuraEvents } from './event-carrier.js';
import { readHasuraMetadata } from './hasura-metadata.js';
import { isComplete, outcomeJson, outcomeText, type ImportOutcome } from './import-outcome.js';
import { planImport, planText, type ImportPlan } from './import-plan.js';
import { storeTriggers } from './stored-triggers.js';

interface ImportOptions {
  readonly source?: string;
  readonly out?: string;
  readonly store?: boolean;
  readonly carryOver?: boolean;
  readonly yes?: boolean;
}

/** Adds `import-hasura`: event triggers of Hasura become definitions, and what waits there is delivered from here. */
export function importHasura(program: Command): void {
  withExamples(
    program
      .command('import-hasura')
      .argument('<metadata>', 'folder of metadata, or a file that export_metadata has answered')
      .option('--source <name>', 'which database of Hasura, where there are several')
      .option('--out <file>', 'write the definitions to a file of TypeScript', typeScriptFile)
      .option('--store', 'make the triggers in the database')
      .option('--carry-over', 'deliver from here what waits in Hasura')
      .option('--yes', 'do not ask')
      .description('tells what becomes of event triggers of Hasura, and does it'),
    'import-hasura hasura/metadata',
    'import-hasura hasura/metadata --out src/triggers.ts',
    'import-hasura metadata.json --store --carry-over',
  ).action(async (path: string, options: ImportOptions, command: Command) => {
    const terminal = terminalOf(command);
    const plan = planImport(await readHasuraMetadata(path, options.source));
    const { json = false } = command.optsWithGlobals<CommonOptions>();
    // People see it before they are asked.
    if (!json) terminal.result(plan, () => planText(plan));
    const file = await written(plan, path, options, terminal);
    const tell = (outcome: ImportOutcome): void =>
      terminal.result(outcomeJson(plan, outcome), () => outcomeText(outcome));
    if (options.store !== true && options.carryOver !== true) {
      tell(file);
      return;
    }
    await inSession(command, async (session) => {
      const { outcome, code } = await changeDatabase(plan, options, session);
      tell({ ...file, ...outcome });
      return code;
    });
  });
}

interface Changes {
  readonly outcome: ImportOutcome;
  readonly code: ExitCode;
}

/** Nothing changes where somebody says no. */
async function changeDatabase(
  { triggers }: ImportPlan,
  { store = false, carryOver = false, yes }: ImportOptions,
  { terminal, service, dataSource, schema, options }: Session,
): Promise<Changes> {
  const carrier = new EventCarrier(
    (text, values) => dataSource.query(text, [...values]),
    schema,
    options.application,
  );
  const names = triggers.map(({ definition }) => definition.name);
  const events = carryOver ? await carrier.count(names) : [];
  const waiting = events.reduce((sum, event) => sum + event.waiting, 0);
  const storable = triggers.filter(({ transform }) => transform === undefined);
  const parts = [
    ...(store ? [`make ${counted(storable.length, 'trigger')}`] : []),
    ...(carryOver ? [`take ${counted(waiting, 'event')} over from Hasura`] : []),
  ].join(', ');
  if (!(await isConfirmed(terminal, `In application "${options.application}": ${parts}`, { yes })))
    return { outcome: {}, code: EXIT.done };
  const stored = store ? await storeTriggers(service, triggers) : undefined;
  const { result: carried, code } = carryOver
    ? await carry(carrier, events, terminal)
    : { code: EXIT.done };
  const outcome = { stored, carried };
  return { outcome, code: code === EXIT.done && !isComplete(outcome) ? EXIT.failed : code };
}

async function carry(
  carrier: EventCarrier,
  events: readonly HasuraEvents[],
  terminal: Terminal,
): Promise<{ result?: CarriedEvents[]; code: ExitCode }> {
  const total = events.reduce((sum, { waiting }) => sum + waiting, 0);
  return longWork(terminal, 'carried', total, async ({ signal, onProgress }) => {
    const outcomes: CarriedEvents[] = [];
    let before = 0;
    for (const { name } of events) {
      if (signal.aborted) break;
      const outcome = await carrier.carry(name, {
        signal,
        onProgress: (done) => onProgress(before + done),
      });
      outcomes.push(outcome);
      before += outcome.carried + outcome.alreadyHere;
    }
    return outcomes;
  });
}

/** Writes the file that was asked for, over one that is there only if somebody says so. */
async function written(
  plan: ImportPlan,
  path: string,
  { out, yes }: ImportOptions,
  terminal: Terminal,
): Promise<Pick<ImportOutcome, 'file'>> {
  if (out === undefined) return {};
  const exists = await access(out).then(
    () => true,
    () => false,
  );
  if (exists && !(await isConfirmed(terminal, `Write over ${out}`, { yes }))) return {};
  await writeFile(out, definitionsSource(plan, path));
  return { file: out };
}

function typeScriptFile(name: string): string {
  if (/\.[cm]?ts$/.test(name)) return name;
  throw new InvalidArgumentError('Give the name of a file that ends in .ts.');
}
