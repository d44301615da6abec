import { CaptureWatch } from '../pipeline/attach/capture-watch.js';
import { readHeld, worded } from '../pipeline/held-log.js';
import { grantStatements, missingGrants } from '../schema/grants.js';
import { SchemaMigrator } from '../schema/schema-migrator.js';
import { requireHistory, selectAlive, selectPartitionGaps, SELECT_SERVER } from './doctor.sql.js';
import { failureOf } from './failure.js';
import { ok, problem, warning, type Verdict } from './finding.js';
import type { Session } from './session.js';
import { ageOf, counted } from './wording.js';

/** Longer than any replica takes to claim what is new. */
const WAITS_TOO_LONG_MS = 60_000;

interface PartitionGap {
  readonly log: string;
  readonly lacksPresent: boolean;
  readonly lacksNext: boolean;
  readonly hasMisplaced: boolean;
}

export async function schemaVersion({ database, options }: Session): Promise<Verdict> {
  try {
    await database.use((client) => new SchemaMigrator(options.schema).verify(client));
    return ok(`"${options.schema}" is what this version works on`);
  } catch (error) {
    const { message, hint } = failureOf(error);
    return problem(message, hint ?? 'Run apply.');
  }
}

export async function grants({ database, options }: Session): Promise<Verdict> {
  const missing = await database.use((client) => missingGrants(client, options.schema));
  if (missing.length === 0) return ok('this role may deliver and look');
  const [server] = await database.query<{ role: string }>(SELECT_SERVER);
  const statements = grantStatements(options.schema, server!.role, missing);
  return problem(
    `the role "${server!.role}" lacks ${counted(missing.length, 'privilege')}`,
    `As the owner: ${statements.join('; ')}`,
  );
}

export async function history({ database, schema }: Session): Promise<Verdict> {
  try {
    await database.query(requireHistory(schema));
    return ok('the log was written on this server');
  } catch (error) {
    return problem(failureOf(error).message, 'Run adopt --deliver or adopt --discard.');
  }
}

export async function drift({ database, schema, options, service }: Session): Promise<Verdict> {
  const triggers = await service.listTriggers();
  const names = triggers.map(({ name }) => name);
  const watch = new CaptureWatch(database, schema, options.application, names);
  const { drifted } = await watch.look();
  const paused = triggers.filter(({ capturePaused }) => capturePaused !== null);
  if (drifted.length > 0) {
    return problem(
      `changes may go by uncaptured: ${drifted.join(', ')}`,
      'Start the application, or run apply.',
    );
  }
  if (paused.length === 0) return ok(`${counted(triggers.length, 'trigger')} in force`);
  const list = paused.map(({ name }) => name).join(', ');
  return warning(`capture is paused: ${list}`, 'Call resumeCapture when changes count again.');
}

export async function partitions({ database, schema }: Session): Promise<Verdict> {
  const logs = await database.query<PartitionGap>(selectPartitionGaps(schema));
  const named = (gap: keyof PartitionGap): string =>
    logs.flatMap((log) => (log[gap] === true ? [log.log] : [])).join(', ');
  const fix = 'Run prune as the owner of the schema, every hour where no replica owns it.';
  const present = named('lacksPresent');
  if (present !== '') return warning(`none for the present: ${present}`, fix);
  const misplaced = named('hasMisplaced');
  if (misplaced !== '') return warning(`rows lie in default partitions: ${misplaced}`, fix);
  const next = named('lacksNext');
  if (next !== '') return warning(`none is made ahead: ${next}`, fix);
  return ok('made ahead, and none of the default ones has rows');
}

export async function retention({ database, schema, options }: Session): Promise<Verdict> {
  const held = await readHeld(database, schema, options.retention.events);
  if (held.length === 0) return ok('nothing is kept beyond it');
  return warning(
    `kept, since it is still owed: ${held.map(worded).join(', ')}`,
    'Let it be delivered, or give it up with purge.',
  );
}

export async function dispatchers({
  database,
  schema,
  options,
  service,
}: Session): Promise<Verdict> {
  const [alive] = await database.query<{ own: number; others: number }>(selectAlive(schema), [
    options.application,
  ]);
  if (alive!.own > 0) return ok(`${alive!.own} of "${options.application}" alive`);
  const nobody = `none of "${options.application}" is alive, ${alive!.others} of others`;
  const fix = 'Start the application; is its name the one of --application?';
  const waiting = (await service.listTriggers())
    .filter(({ deliveryPaused }) => deliveryPaused === null)
    .flatMap(({ oldestWaiting }) => oldestWaiting ?? [])
    .toSorted((one, other) => one.getTime() - other.getTime());
  const oldest = waiting[0];
  if (oldest === undefined || Date.now() - oldest.getTime() < WAITS_TOO_LONG_MS)
    return warning(nobody, fix);
  return problem(`${nobody}, and an event waits for ${ageOf(oldest)}`, fix);
}

export async function destinations({ service }: Session): Promise<Verdict> {
  const failing = (await service.listTriggers()).filter(
    ({ failingSince, deliveryPaused }) =>
      failingSince !== null ||
      deliveryPaused?.reason === 'failing' ||
      deliveryPaused?.reason === 'gone',
  );
  if (failing.length === 0) return ok('none fails for long');
  return warning(
    `failing: ${failing.map(({ name }) => name).join(', ')}`,
    'Mend what they call, then triggers resume where they are paused.',
  );
}

export async function deadLetters({ service }: Session): Promise<Verdict> {
  const dead = (await service.listTriggers()).filter((trigger) => trigger.dead > 0);
  if (dead.length === 0) return ok('none');
  const list = dead.map((trigger) => `${trigger.name} (${trigger.dead})`).join(', ');
  return warning(`given up: ${list}`, 'Look with events --state dead, then redeliver --dead.');
}
