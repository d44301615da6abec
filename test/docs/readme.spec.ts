import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, read, repository } from './documents.js';

const DOCUMENTS = ['README.md', 'lib/telemetry/README.md'];
/** Where the blocks would lie. */
const FOLDER = join(repository, 'test/docs/readme');
/** What blocks import from the reader's application. */
const OF_THE_READER: Readonly<Record<string, string>> = {
  'invoice.entity.ts': 'export class Invoice { orderId!: number; total!: string; }',
  'admin.guard.ts': 'export class AdminGuard { canActivate(): boolean { return true; } }',
  'auth.module.ts': 'export class AuthModule {}',
};
/** And what they name without a word. */
const NAMED = `
  import type { INestApplication } from '@nestjs/common';
  import type { EventTriggersService as Service } from 'nestjs-event-triggers';
  import type { EntityManager, Repository } from 'typeorm';
  declare global {
    class AppModule {}
    const app: INestApplication;
    const current: string;
    const eventTriggers: Service;
    const from: Date;
    const id: string;
    const manager: EntityManager;
    const orders: Repository<{ email: string }>;
    const previous: string;
    const to: Date;
    const url: string;
  }`;
const IMPORTS = `import { context, propagation } from '@opentelemetry/api';
import { EventTriggersService, WebhookSecretGuard } from 'nestjs-event-triggers';`;

/** A whole file; what a document shows without its surroundings gets some. */
function fileOf(code: string): string {
  if (code.startsWith('import ')) return `${code}\nexport {};`;
  if (code.startsWith('@')) return `${IMPORTS}\n${decorating(code)}`;
  const [, declared, body] = /^(constructor\(.*\) \{\}\n)?(.*)$/s.exec(code)!;
  return `${IMPORTS}\nexport class Reader {\n${declared ?? ''}async read() {\n${body}}\n}`;
}

/** Each line is a way to write the decorator. */
const decorating = (code: string): string =>
  code.replaceAll(/^@.+$/gm, (line, place: number) => `${line}\nexport class Guarded${place} {}`);

function problemsOf(files: ReadonlyMap<string, string>): string[] {
  const config = join(repository, 'tsconfig.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, (path) => ts.sys.readFile(path)).config,
    ts.sys,
    repository,
  );
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => files.has(path) || ts.sys.fileExists(path);
  host.readFile = (path) => files.get(path) ?? ts.sys.readFile(path);
  host.directoryExists = (path) => path === FOLDER || ts.sys.directoryExists(path);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ messageText, start }) => {
      const line = source!.getLineAndCharacterOfPosition(start ?? 0).line;
      const shown = files.get(path)!.split('\n')[line];
      return `${ts.flattenDiagnosticMessageText(messageText, ' ')} at: ${shown}`;
    });
  });
}

describe('TypeScript in the documents that show no files', () => {
  let blocks: string[];

  beforeAll(async () => {
    const documents = await Promise.all(
      DOCUMENTS.map(async (path) => ({ path, text: await read(path) })),
    );
    blocks = documents
      .flatMap(blocksOf)
      .filter(({ language }) => language === 'ts')
      .map(({ code }) => code);
  });

  const files = (more: readonly string[] = []): Map<string, string> => {
    const entity = blocks.find((code) => code.includes('export class Order '))!;
    const named = { 'order.entity.ts': entity, ...OF_THE_READER, 'named.ts': NAMED };
    const shown = [...blocks, ...more].map((code, place) => [`block-${place}.ts`, fileOf(code)]);
    const all = [...Object.entries(named), ...shown] as [string, string][];
    return new Map(all.map(([name, text]) => [join(FOLDER, name), text]));
  };

  it('compiles against the package, block by block', () => {
    expect(blocks.length, 'blocks that were found').toBeGreaterThan(10);
    expect(problemsOf(files())).toEqual([]);
  });

  it('would be found where it does not', () => {
    const wrong = `await eventTriggers.pausing('order_created');\n`;
    expect(problemsOf(files([wrong]))).toEqual([expect.stringContaining('pausing')]);
  });
});
