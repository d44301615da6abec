import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TriggerDefinition } from 'nestjs-event-triggers';
import { payloadOf } from 'nestjs-event-triggers/testing';
import * as prettier from 'prettier';
import { describe, expect, it, onTestFinished } from 'vitest';
import { constantNames, definitionsSource } from '../../../lib/cli/hasura/definitions-source.js';
import { readHasuraMetadata } from '../../../lib/cli/hasura/hasura-metadata.js';
import { planImport } from '../../../lib/cli/hasura/import-plan.js';
import { everything } from './metadata-folder.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

const sourceOf = async (): Promise<string> =>
  definitionsSource(planImport(await readHasuraMetadata(everything)), 'metadata');

/** A folder with the file, inside the repository, where its packages are found. */
async function written(): Promise<string> {
  const folder = await mkdtemp(join(repository, 'test/cli/hasura/compiled-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'definitions.ts'), await sourceOf());
  return folder;
}

describe('the file of definitions', () => {
  it('is formatted as Prettier formats a project made by Nest', async () => {
    const source = await sourceOf();

    expect(source).toBe(
      await prettier.format(source, {
        parser: 'typescript',
        singleQuote: true,
        trailingComma: 'all',
      }),
    );
  });

  it('begins with how it was made', async () => {
    expect((await sourceOf()).split('\n').slice(0, 3)).toEqual([
      '// Made by import-hasura of nestjs-event-triggers from metadata, database "default".',
      '',
      "import { defineTrigger, type EventTriggerPayload } from 'nestjs-event-triggers';",
    ]);
  });

  it('compiles in a strict project', async () => {
    const folder = await written();
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(repository, 'tsconfig.json'),
        compilerOptions: {
          rootDir: repository,
          noUnusedLocals: true,
          noUnusedParameters: true,
        },
        include: ['definitions.ts'],
      }),
    );

    const { stdout, status } = spawnSync(
      process.execPath,
      [join(repository, 'node_modules/typescript/bin/tsc'), '--project', folder],
      { encoding: 'utf8' },
    );

    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 120_000);

  it('has functions that make of a payload what the template made', async () => {
    const { paymentReceipt, invoiceChat } = (await import(
      join(await written(), 'definitions.ts')
    )) as Record<string, TriggerDefinition>;
    const row = { number: 'P-7', amount: 10.5 };
    const payload = payloadOf({ trigger: 'payment_receipt', new: row });
    payload.event.session_variables = { 'x-hasura-user-id': '7' };
    const attempt = { attempt: 1, signal: new AbortController().signal };

    expect(paymentReceipt!.transform!(payload, attempt)).toEqual({
      headers: { 'x-user': '7' },
      body: {
        text: 'Payment P-7 of `$10.5`, thanks',
        amount: 10.5,
        lines: [row, 1, null, true],
        id: payload.id,
      },
    });
    expect(() => invoiceChat!.transform!(payload, attempt)).toThrow(
      'The transform of "invoice_chat" is not written yet',
    );
  });

  it('has the original of a transform as a comment in a function that fails', async () => {
    expect(await sourceOf()).toContain(
      [
        '    //       "text": "Invoice {{$body.event.data.new.number}} */",',
        '    //       "total": {{$body.event.data.new.total}}',
      ].join('\n'),
    );
  });

  it('gives each definition a name of its own that the language allows', () => {
    expect(constantNames(['order_created', 'order-created', 'Delete', '_1st', '***'])).toEqual([
      'orderCreated',
      'orderCreated2',
      'delete2',
      'trigger1st',
      'trigger',
    ]);
  });
});
