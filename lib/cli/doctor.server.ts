import { randomUUID } from 'node:crypto';
import type { Database } from '../database.js';
import {
  SELECT_CLOCK,
  SELECT_OLD_TRANSACTIONS,
  SELECT_SERVER,
  SELECT_SESSION,
} from './doctor.sql.js';
import { ok, problem, warning, type Verdict } from './finding.js';
import type { Session } from './session.js';
import { counted } from './wording.js';

/** The oldest that is tested. */
const OLDEST_VERSION = 140_000;
/** More than that in `Retry-After`, in signatures and in what people read of logs is confusing. */
const MOST_CLOCK_DIFFERENCE_MS = 2_000;
/** As `may_notify_v1` has it. */
const FULLEST_QUEUE = 0.5;
/** Longer than any transaction of an application should be open. */
const OLD_TRANSACTION_S = 300;
/** Longer than a notification takes. */
const HEARD_WITHIN_MS = 3_000;

interface Server {
  readonly version: string;
  readonly number: number;
  readonly isStandby: boolean;
  readonly role: string;
  readonly database: string;
  readonly preparedTransactions: number;
  readonly queueUsage: number;
}

const server = async ({ database }: Session): Promise<Server> =>
  (await database.query<Server>(SELECT_SERVER))[0]!;

export async function connection(session: Session): Promise<Verdict> {
  const { database, role } = await server(session);
  return ok(`to "${database}" as "${role}"`);
}

export async function serverVersion(session: Session): Promise<Verdict> {
  const { version, number } = await server(session);
  if (number >= OLDEST_VERSION) return ok(`Postgres ${version}`);
  return warning(`Postgres ${version} is not tested`, 'Upgrade to 14 or later.');
}

export async function standby(session: Session): Promise<Verdict> {
  if (!(await server(session)).isStandby) return ok('this is the primary');
  return problem('this server is a standby', 'Give the URL of the primary.');
}

export async function preparedTransactions(session: Session): Promise<Verdict> {
  const { preparedTransactions: most, queueUsage } = await server(session);
  if (most > 0) {
    return warning(
      `max_prepared_transactions is ${most}, so changes notify nobody and dispatchers poll`,
      'Set it to 0 where nobody uses PREPARE TRANSACTION.',
    );
  }
  if (queueUsage < FULLEST_QUEUE) return ok('changes may notify');
  return warning(
    `the notification queue of the server is ${Math.round(queueUsage * 100)} % full`,
    'End the session that listens and stands in an open transaction.',
  );
}

export async function clock({ database }: Session): Promise<Verdict> {
  const before = Date.now();
  const [row] = await database.query<{ now: number }>(SELECT_CLOCK);
  const difference = Math.round(row!.now - (before + Date.now()) / 2);
  const message = `the server's is ${Math.abs(difference)} ms ${difference < 0 ? 'behind' : 'ahead of'} the one here`;
  if (Math.abs(difference) <= MOST_CLOCK_DIFFERENCE_MS) return ok(message);
  return warning(message, 'Let both follow the same time server.');
}

export async function oldTransactions({ database }: Session): Promise<Verdict> {
  const rows = await database.query<{ who: string; age: number }>(SELECT_OLD_TRANSACTIONS, [
    OLD_TRANSACTION_S,
  ]);
  if (rows.length === 0) return ok(`none is open for more than ${OLD_TRANSACTION_S} s`);
  const list = rows.map(({ who, age }) => `${who} for ${Math.round(age / 60)} min`);
  return warning(
    `${counted(rows.length, 'transaction')} open: ${list.join(', ')}`,
    'End it: its changes are not delivered before, and vacuum removes nothing that it may see.',
  );
}

/** LISTEN seems to work behind a pooler that hands sessions around, and nothing ever comes. */
export async function pooler({ database }: Session): Promise<Verdict> {
  const direct = 'Give dispatchers a direct way with dispatcher.listenUrl; without one they poll.';
  if (!(await keepsSession(database)))
    return warning('two statements ran on two sessions: a pooler is between', direct);
  if (!(await hears(database))) return warning('no notification comes back', direct);
  return ok('statements keep their session, and notifications come back');
}

function keepsSession(database: Database): Promise<boolean> {
  return database.use(async (client) => {
    const pids: number[] = [];
    for (const text of [SELECT_SESSION, SELECT_SESSION]) {
      const { rows } = await client.query<{ pid: number }>(text);
      pids.push(rows[0]!.pid);
    }
    return pids[0] === pids[1];
  });
}

async function hears(database: Database): Promise<boolean> {
  const channel = `event_triggers_doctor_${randomUUID().replaceAll('-', '')}`;
  const client = database.dedicated();
  client.on('error', () => undefined);
  await client.connect();
  let deadline: NodeJS.Timeout | undefined;
  try {
    const heard = new Promise<boolean>((resolve) => {
      client.on('notification', () => resolve(true));
      deadline = setTimeout(() => resolve(false), HEARD_WITHIN_MS);
    });
    await client.query(`listen ${channel}`);
    await database.query('select pg_notify($1, $2)', [channel, '']);
    return await heard;
  } finally {
    clearTimeout(deadline);
    await client.end();
  }
}
