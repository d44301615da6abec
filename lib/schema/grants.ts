import { SchemaError } from '../event-triggers.errors.js';
import { selectMissingGrants } from './grants.sql.js';
import { quoteIdentifier } from './identifier.js';
import type { MigrationConnection } from './schema-migrator.js';

/** Something that a role has to be granted. */
export interface Grant {
  readonly kind: 'schema' | 'table' | 'sequence' | 'function';
  /** With the types of its parameters, where it is a function; the schema itself has none. */
  readonly name: string;
  readonly privileges: readonly string[];
}

/**
 * What a role needs that owns nothing: to dispatch, to look, to send again and to give up. Without more it can make no
 * trigger, adopt no log, erase nothing, and make or drop no partition.
 */
const REQUIRED: readonly Grant[] = [
  { kind: 'schema', name: '', privileges: ['usage'] },
  ...tables(['select'], 'migration', 'delivery_attempt', ...defaults()),
  ...tables(['select', 'update'], 'installation', 'event_trigger'),
  ...tables(['select', 'insert'], 'event', 'tick', 'batch_done', 'attempt', 'tally'),
  ...tables(['select', 'insert', 'update'], 'batch', 'stream_owner'),
  ...tables(
    ['select', 'insert', 'update', 'delete'],
    'dispatcher',
    'retry',
    'dead_letter',
    'inbox',
  ),
  ...tables(['select', 'insert'], 'cancellation'),
  ...sequences(['select', 'usage'], 'event_number', 'batch_id'),
  ...sequences(['usage'], 'event_trigger_revision', 'tick_id'),
  // The time until which dispatchers are awake is set, not counted.
  ...sequences(['select', 'update'], 'awake_until'),
];

function tables(privileges: readonly string[], ...names: readonly string[]): Grant[] {
  return names.map((name) => ({ kind: 'table', name, privileges }));
}

function sequences(privileges: readonly string[], ...names: readonly string[]): Grant[] {
  return names.map((name) => ({ kind: 'sequence', name, privileges }));
}

/** Looked at by name, to see whether partitions are missing. */
function defaults(): string[] {
  return ['event', 'attempt', 'tally', 'tick', 'batch', 'batch_done'].map(
    (log) => `${log}_default`,
  );
}

/** All of them as statements. */
export function grantStatements(
  schemaName: string,
  role: string,
  grants: readonly Grant[] = REQUIRED,
): string[] {
  const schema = quoteIdentifier(schemaName);
  const to = quoteIdentifier(role);
  return grants.map(({ kind, name, privileges }) => {
    const what =
      kind === 'schema'
        ? `schema ${schema}`
        : `${kind} ${schema}.${kind === 'function' ? name : quoteIdentifier(name)}`;
    return `grant ${privileges.join(', ')} on ${what} to ${to}`;
  });
}

/**
 * What of that a role lacks; nothing where the schema is not there.
 *
 * @param role default: the one that is connected
 */
export async function missingGrants(
  connection: MigrationConnection,
  schemaName: string,
  role: string | null = null,
): Promise<Grant[]> {
  const wanted = REQUIRED.flatMap(({ kind, name, privileges }) =>
    privileges.map((privilege) => ({ kind, name, privilege })),
  );
  const { rows } = await connection.query(selectMissingGrants, [
    schemaName,
    role,
    wanted.map(({ kind }) => kind),
    wanted.map(({ name }) => name),
    wanted.map(({ privilege }) => privilege),
  ]);
  return rows as Grant[];
}

/** @throws SchemaError that lists what the connected role lacks */
export async function requireGrants(
  connection: MigrationConnection,
  schemaName: string,
): Promise<void> {
  const missing = await missingGrants(connection, schemaName);
  if (missing.length === 0) return;
  const { rows } = await connection.query('select current_user::text as role');
  const { role } = rows[0] as { role: string };
  const list = grantStatements(schemaName, role, missing).map((text) => `\n  ${text};`);
  throw new SchemaError(`The role "${role}" lacks privileges:${list.join('')}`, {
    hint: 'Let the owner of the schema grant them.',
  });
}
