import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHasuraMetadata } from '../../../lib/cli/hasura/hasura-metadata.js';
import { plainOf } from '../../../lib/cli/hasura/located-value.js';
import { everything, folderOf } from './metadata-folder.js';

const trigger = {
  name: 'order_created',
  definition: { enable_manual: false, insert: { columns: '*' } },
  webhook: 'https://example.com/hook',
};
const tables = [
  { table: { schema: 'public', name: 'orders' }, event_triggers: [trigger] },
  { table: { schema: 'public', name: 'products' } },
];
const sources = [{ name: 'default', kind: 'postgres', tables, configuration: {} }];

/** What was read, without its places. */
async function read(path: string, source?: string) {
  const metadata = await readHasuraMetadata(path, source);
  return metadata.triggers.map(({ table, content }) => ({ table, trigger: plainOf(content) }));
}

async function refusal(path: string, source?: string): Promise<{ code: string; message: string }> {
  try {
    await readHasuraMetadata(path, source);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
  return { code: 'none', message: 'it was read' };
}

describe('metadata of Hasura', () => {
  it('is read from a folder with a file for each table', async () => {
    const { source, triggers, notes } = await readHasuraMetadata(everything);

    expect(source).toBe('default');
    expect(triggers.map(({ table, content }) => [table, content.line])).toEqual([
      [{ schema: 'public', name: 'orders' }, 9],
      [{ schema: 'public', name: 'orders' }, 22],
      [{ schema: 'shop', name: 'invoices' }, 5],
      [{ schema: 'shop', name: 'payments' }, 5],
      [{ schema: 'shop', name: 'payments' }, 32],
    ]);
    expect(notes).toEqual([
      'The database "warehouse" is of kind mssql and left out: event triggers need Postgres.',
    ]);
  });

  it.each(['', 'metadata', 'nhost/metadata'])(
    'is found in the folder %j of a project',
    async (folder) => {
      const path = await folderOf({
        [join(folder, 'databases/databases.yaml')]:
          `- name: default\n  kind: postgres\n  tables: "!include default/tables/tables.yaml"\n`,
        [join(folder, 'databases/default/tables/tables.yaml')]: JSON.stringify(tables),
      });

      expect(await read(path)).toEqual([{ table: { schema: 'public', name: 'orders' }, trigger }]);
    },
  );

  it('is read from the one list of tables that version 2 has, where a table may be a name', async () => {
    const path = await folderOf({
      'tables.yaml': `
- table: orders
  event_triggers:
  - name: order_created
    definition: { enable_manual: false, insert: { columns: "*" } }
    webhook: https://example.com/hook
`,
    });

    expect(await read(path)).toEqual([{ table: { schema: 'public', name: 'orders' }, trigger }]);
  });

  it.each([
    ['an answer of export_metadata', { resource_version: 7, metadata: { version: 3, sources } }],
    [
      'a request of replace_metadata',
      { type: 'replace_metadata', version: 2, args: { metadata: { version: 3, sources } } },
    ],
    ['the same of version 1', { type: 'replace_metadata', args: { version: 3, sources } }],
    ['the metadata alone', { version: 3, sources }],
    ['metadata of version 2', { version: 2, tables }],
  ])('is read from a file with %s', async (_, content) => {
    const path = await folderOf({ 'metadata.json': JSON.stringify(content, null, '\t') });

    expect(await read(join(path, 'metadata.json'))).toEqual([
      { table: { schema: 'public', name: 'orders' }, trigger },
    ]);
  });

  it('is that of the database which was asked for', async () => {
    const several = [...sources, { name: 'billing', kind: 'pg', tables: [] }];
    const path = await folderOf({ 'm.json': JSON.stringify({ version: 3, sources: several }) });

    expect(await read(join(path, 'm.json'), 'billing')).toEqual([]);
    const unasked = await refusal(join(path, 'm.json'));
    expect(unasked.code).toBe('ET_INVALID_METADATA');
    expect(unasked.message).toMatch(/several Postgres databases: default, billing\n.*--source/);
    expect((await refusal(join(path, 'm.json'), 'biling')).message).toContain(
      'no Postgres database "biling"; did you mean "billing"?',
    );
  });

  it('tells the line in which a file is broken', async () => {
    const path = await folderOf({ 'tables.yaml': '- table: orders\n  event_triggers: [\n' });

    const { code, message } = await refusal(path);

    expect(code).toBe('ET_INVALID_METADATA');
    expect(message).toMatch(/tables\.yaml:\d: this is no YAML: /);
  });

  it('tells which line includes a file that is missing, and where it was looked for', async () => {
    const path = await folderOf({ 'tables.yaml': '\n- "!include tables/orders.yaml"\n' });

    const { message } = await refusal(path);

    expect(message).toContain(`tables.yaml:2: "tables/orders.yaml" does not exist`);
    expect(message).toContain(join(path, 'tables/orders.yaml'));
  });

  it('names files as they were asked for', async () => {
    const path = await folderOf({ 'tables.yaml': '- "!include tables/orders.yaml"\n' });

    const { message } = await refusal(relative('', path));

    expect(message).toContain(`looked for at ${relative('', join(path, 'tables/orders.yaml'))}`);
  });

  it('does not follow a file that includes itself', async () => {
    const path = await folderOf({
      'tables.yaml': '- !include a.yaml\n',
      'a.yaml': '!include a.yaml',
    });

    expect((await refusal(path)).message).toContain('a.yaml:1: "a.yaml" includes itself');
  });

  it.each([
    ['- table: { schema: public }', '1: a table has no field "name"'],
    ['- table: orders\n  event_triggers: 7', '2: event_triggers of public.orders is the number 7'],
    ['- table: orders\n- products', '2: a table is the text "products"'],
    ['hello', '1: this is no metadata of Hasura'],
  ])('tells what is wrong with %j', async (text, expected) => {
    const path = await folderOf({ 'tables.yaml': text });

    const { code, message } = await refusal(path);

    expect(code).toBe('ET_INVALID_METADATA');
    expect(message).toContain(`tables.yaml:${expected}`);
    expect(message).toContain('Fix: ');
  });

  it('is missed where there is none', async () => {
    expect((await refusal(await folderOf({}))).message).toContain('holds no metadata of Hasura');
    expect((await refusal('/nowhere.json')).message).toContain('/nowhere.json does not exist');
  });
});
