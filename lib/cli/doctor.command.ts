import type { Command } from 'commander';
import * as ofSchema from './doctor.schema.js';
import * as ofServer from './doctor.server.js';
import { withExamples } from './examples.js';
import { EXIT, failureOf, UsageError, type ExitCode } from './failure.js';
import { problem, type Finding, type Verdict } from './finding.js';
import { inSession, terminalOf, type Session } from './session.js';
import type { Terminal } from './terminal.js';

type Check = readonly [name: string, look: (session: Session) => Promise<Verdict>];

const SERVER: readonly Check[] = [
  ['connection', ofServer.connection],
  ['server', ofServer.serverVersion],
  ['primary', ofServer.standby],
  ['clock', ofServer.clock],
  ['pooler', ofServer.pooler],
  ['notifications', ofServer.preparedTransactions],
  ['transactions', ofServer.oldTransactions],
];

const INSTALLED: readonly Check[] = [
  ['history', ofSchema.history],
  ['capture', ofSchema.drift],
  ['partitions', ofSchema.partitions],
  ['retention', ofSchema.retention],
  ['dispatchers', ofSchema.dispatchers],
  ['destinations', ofSchema.destinations],
  ['dead letters', ofSchema.deadLetters],
];

/** What has to be well before the others say anything. */
const SCHEMA: readonly Check[] = [
  ['grants', ofSchema.grants],
  ['schema', ofSchema.schemaVersion],
];

export function registerDoctor(program: Command): void {
  withExamples(
    program
      .command('doctor')
      .description('looks for what is wrong, and tells the fix; answers 1 to a problem'),
    'doctor',
    'doctor --json',
  ).action(async (_: unknown, command: Command) => {
    const terminal = terminalOf(command);
    try {
      await inSession(command, async (session) => tell(await examine(session), terminal));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      process.exitCode = tell([findingOf('connection', error)], terminal);
    }
  });
}

async function examine(session: Session): Promise<Finding[]> {
  const findings = await all(SERVER, session);
  findings.push(...(await all(SCHEMA, session)));
  const isWell = findings.every(
    ({ check, severity }) => (check !== 'schema' && check !== 'grants') || severity === 'ok',
  );
  if (isWell) findings.push(...(await all(INSTALLED, session)));
  return findings;
}

async function all(checks: readonly Check[], session: Session): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, look] of checks) {
    try {
      findings.push({ check, ...(await look(session)) });
    } catch (error) {
      findings.push(findingOf(check, error));
    }
  }
  return findings;
}

function findingOf(check: string, error: unknown): Finding {
  const { message, hint } = failureOf(error);
  return { check, ...problem(message, hint ?? 'Look at what the server says about it.') };
}

function tell(findings: readonly Finding[], terminal: Terminal): ExitCode {
  const worst = findings.some(({ severity }) => severity === 'problem');
  terminal.result({ healthy: !worst, findings }, () =>
    findings.map((finding) => lineOf(finding, terminal)).join('\n'),
  );
  return worst ? EXIT.failed : EXIT.done;
}

const SEVERITY_WIDTH = 'warning'.length;
const CHECK_WIDTH = 'notifications'.length;

function lineOf({ check, severity, message, fix }: Finding, terminal: Terminal): string {
  const mark = terminal.marked(severity, severity.padEnd(SEVERITY_WIDTH));
  const text = fix === null ? message : `${message}. Fix: ${fix}`;
  return `${mark}  ${check.padEnd(CHECK_WIDTH)}  ${text.replaceAll(/\s*\n\s*/g, ' ')}`;
}
