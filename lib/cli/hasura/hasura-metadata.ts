import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EventTriggersError } from '../../event-triggers.errors.js';
import { suggestion } from '../../nearest-name.js';
import {
  invalidMetadata,
  isList,
  isMap,
  listOf,
  mapOf,
  textOf,
  type Located,
} from './located-value.js';
import { MetadataFiles } from './metadata-files.js';

/** An event trigger as it stands in the metadata, with everything that it includes. */
export interface HasuraTrigger {
  readonly table: { readonly schema: string; readonly name: string };
  readonly content: Located;
}

/** What of Hasura's metadata concerns the event triggers of one database. */
export interface HasuraMetadata {
  /** The name that the database has in Hasura. */
  readonly source: string;
  readonly triggers: readonly HasuraTrigger[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** Where projects keep it, the newer form first. */
const ENTRIES = ['', 'metadata', 'nhost/metadata', 'hasura/metadata'].flatMap((folder) =>
  ['databases/databases.yaml', 'tables.yaml'].map((file) => join(folder, file)),
);
/** Metadata of version 2 knows no names of databases; Hasura calls the one by this since. */
const ONLY_SOURCE = 'default';
const POSTGRES_KINDS: readonly string[] = ['postgres', 'pg'];

interface Source {
  readonly name: string;
  readonly kind: string;
  readonly tables: Located | undefined;
}

/**
 * Reads the event triggers of one database from a folder of metadata (version 2 and 3) or from what `export_metadata`
 * answers and `replace_metadata` takes.
 *
 * @param source which database; it may be left out where there is one
 * @throws EventTriggersError `ET_INVALID_METADATA` with file and line
 */
export async function readHasuraMetadata(path: string, source?: string): Promise<HasuraMetadata> {
  const files = new MetadataFiles();
  const sources = await sourcesOf(await files.read(await entryOf(path)), files);
  const isPostgres = ({ kind }: Source): boolean => POSTGRES_KINDS.includes(kind);
  const chosen = choose(sources.filter(isPostgres), source, path);
  const others = sources.filter((other) => other !== chosen);
  return {
    source: chosen.name,
    triggers: await triggersOf(chosen, files),
    notes: others.map((other) =>
      isPostgres(other)
        ? `The database "${other.name}" is left out: import it by itself with --source ${other.name}.`
        : `The database "${other.name}" is of kind ${other.kind} and left out: event triggers need Postgres.`,
    ),
  };
}

async function entryOf(path: string): Promise<string> {
  if (!(await exists(path, 'folder'))) return path;
  for (const entry of ENTRIES) {
    const file = join(path, entry);
    if (await exists(file, 'file')) return file;
  }
  throw new EventTriggersError(
    'ET_INVALID_METADATA',
    `${path} holds no metadata of Hasura: there is neither databases/databases.yaml nor tables.yaml in it`,
    { hint: 'Name the folder that "hasura metadata export" writes, mostly called metadata.' },
  );
}

async function exists(path: string, kind: 'file' | 'folder'): Promise<boolean> {
  try {
    const found = await stat(path);
    return kind === 'file' ? found.isFile() : found.isDirectory();
  } catch {
    return false;
  }
}

/** Knows by its form what it is: a request, an answer, the metadata itself, or one of its lists. */
async function sourcesOf(given: Located, files: MetadataFiles): Promise<Source[]> {
  const root = await files.follow(given);
  if (isMap(root.content)) {
    const inner = root.content.get('metadata') ?? root.content.get('args');
    if (inner !== undefined) return sourcesOf(inner, files);
    const sources = root.content.get('sources');
    if (sources !== undefined) return sourcesIn(await files.follow(sources), files);
    const tables = root.content.get('tables');
    if (tables !== undefined) return [{ name: ONLY_SOURCE, kind: 'postgres', tables }];
  }
  if (isList(root.content)) {
    const [first] = await Promise.all(root.content.slice(0, 1).map((item) => files.follow(item)));
    if (first !== undefined && isMap(first.content) && first.content.has('table'))
      return [{ name: ONLY_SOURCE, kind: 'postgres', tables: root }];
    return sourcesIn(root, files);
  }
  throw invalidMetadata(
    root,
    'this is no metadata of Hasura: it has neither sources nor tables',
    'Name a folder of metadata, or a file that export_metadata has answered.',
  );
}

async function sourcesIn(list: Located, files: MetadataFiles): Promise<Source[]> {
  const items = await Promise.all(
    listOf(list, 'the list of databases').map((item) => files.follow(item)),
  );
  return items.map((item) => {
    const fields = mapOf(item, 'a database');
    const name = required(fields, 'name', 'the database', item);
    const kind = fields.get('kind');
    return {
      name: textOf(name, 'the name of a database'),
      kind: kind === undefined ? 'postgres' : textOf(kind, 'the kind of a database'),
      tables: fields.get('tables'),
    };
  });
}

function choose(known: readonly Source[], wanted: string | undefined, path: string): Source {
  const names = known.map(({ name }) => name);
  const found = wanted === undefined ? known : known.filter(({ name }) => name === wanted);
  const [chosen, another] = found;
  if (chosen !== undefined && another === undefined) return chosen;
  if (chosen !== undefined) {
    throw new EventTriggersError(
      'ET_INVALID_METADATA',
      `${path} describes several Postgres databases: ${names.join(', ')}`,
      { hint: `Choose one with --source, for example --source ${chosen.name}.` },
    );
  }
  throw new EventTriggersError(
    'ET_INVALID_METADATA',
    wanted === undefined
      ? `${path} describes no Postgres database`
      : `${path} describes no Postgres database "${wanted}"; ${suggestion(wanted, names)}`,
    { hint: 'Event triggers of Postgres databases can be imported, no others.' },
  );
}

async function triggersOf({ tables }: Source, files: MetadataFiles): Promise<HasuraTrigger[]> {
  if (tables === undefined) return [];
  const list = await files.follow(tables);
  if (list.content === null) return [];
  const found = await Promise.all(
    listOf(list, 'the list of tables').map(async (item) =>
      triggersOfTable(await files.follow(item), files),
    ),
  );
  return found.flat();
}

async function triggersOfTable(item: Located, files: MetadataFiles): Promise<HasuraTrigger[]> {
  const fields = mapOf(item, 'a table');
  const table = tableOf(required(fields, 'table', 'a table', item));
  const given = fields.get('event_triggers');
  if (given === undefined) return [];
  const triggers = await files.expand(given);
  if (triggers.content === null) return [];
  return listOf(triggers, `event_triggers of ${table.schema}.${table.name}`).map((content) => ({
    table,
    content,
  }));
}

function tableOf(value: Located): HasuraTrigger['table'] {
  if (typeof value.content === 'string') return { schema: 'public', name: value.content };
  const fields = mapOf(value, 'table');
  const schema = fields.get('schema');
  return {
    schema: schema === undefined ? 'public' : textOf(schema, 'the schema of a table'),
    name: textOf(required(fields, 'name', 'a table', value), 'the name of a table'),
  };
}

function required(
  fields: ReadonlyMap<string, Located>,
  field: string,
  what: string,
  at: Located,
): Located {
  const value = fields.get(field);
  if (value !== undefined) return value;
  throw invalidMetadata(
    at,
    `${what} has no field "${field}"`,
    `Add it, or export the metadata again.`,
  );
}
