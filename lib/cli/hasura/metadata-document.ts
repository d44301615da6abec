import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar as Nothing,
  type Document,
  type Node,
} from 'yaml';
import { invalidMetadata, type Located, type LocatedContent } from './located-value.js';

/** What stands in the metadata for another file. Hasura writes it as a text, others as a tag. */
const INCLUDE = /^!include\s+(.+)$/;

const INCLUDE_TAG = { tag: '!include', resolve: (path: string): string => `!include ${path}` };

/**
 * Reads a document of YAML or of JSON, which is YAML too.
 *
 * @param file its name, for errors
 * @throws EventTriggersError `ET_INVALID_METADATA` that says in which line it is broken
 */
export function parseMetadata(text: string, file: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    customTags: [INCLUDE_TAG],
    prettyErrors: false,
  });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw invalidMetadata(
      { file, line: lines.linePos(broken.pos[0]).line },
      `this is no YAML: ${broken.message}`,
      'Mend the file, or export the metadata again.',
    );
  }
  return locate(document.contents, { document, lines, file });
}

/** The file that a value stands for; undefined of a value that stands for itself. */
export function includedFile({ content }: Located): string | undefined {
  return typeof content === 'string' ? INCLUDE.exec(content)?.[1]?.trim() : undefined;
}

interface Reading {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly file: string;
}

function locate(node: Node | null, reading: Reading): Located {
  const line = reading.lines.linePos(node?.range?.[0] ?? 0).line || 1;
  return { file: reading.file, line, content: contentOf(node, reading) };
}

function contentOf(node: Node | null, reading: Reading): LocatedContent {
  if (isAlias(node)) return contentOf(node.resolve(reading.document) ?? null, reading);
  if (isSeq<Node | null>(node)) return node.items.map((item) => locate(item, reading));
  if (isMap<Node, Node | null>(node)) {
    return new Map(
      node.items.map(({ key, value }) => [
        isScalar(key) ? String(key.value) : String(key),
        // A field without a value has no place of its own.
        locate(value ?? nothingAt(key), reading),
      ]),
    );
  }
  return isScalar(node) ? scalarOf(node.value) : null;
}

const nothingAt = ({ range }: Node): Node => {
  const nothing = new Nothing(null);
  nothing.range = range;
  return nothing;
};

function scalarOf(value: unknown): LocatedContent {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'number') return value;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
