import { readFile } from 'node:fs/promises';
import { dirname, resolve, relative, isAbsolute } from 'node:path';
import { EventTriggersError } from '../../event-triggers.errors.js';
import { invalidMetadata, isList, isMap, type Located } from './located-value.js';
import { includedFile, parseMetadata } from './metadata-document.js';

/** The metadata on disk: a value that names another file is followed when it is asked for. */
export class MetadataFiles {
  /** @throws EventTriggersError `ET_INVALID_METADATA` where the file is missing or broken */
  async read(file: string): Promise<Located> {
    const text = await contentsOf(file);
    if (text === undefined) {
      throw new EventTriggersError('ET_INVALID_METADATA', `${file} does not exist`, {
        hint: 'Name the folder with the metadata of Hasura, or a file that export_metadata has answered.',
      });
    }
    return parseMetadata(text, file);
  }

  /**
   * The value itself, or what the file holds that it stands for.
   *
   * @throws EventTriggersError `ET_INVALID_METADATA` where that is missing or broken, or includes itself
   */
  async follow(value: Located, by: readonly string[] = []): Promise<Located> {
    const included = includedFile(value);
    if (included === undefined) return value;
    const file = besides(value.file, included);
    if (by.includes(file)) {
      throw invalidMetadata(value, `"${included}" includes itself`, 'Take that line out.');
    }
    const text = await contentsOf(file);
    if (text === undefined) {
      throw invalidMetadata(
        value,
        `"${included}" does not exist: it was looked for at ${file}`,
        'Add the file, or take out the line that includes it. Export the whole folder with "hasura metadata export".',
      );
    }
    return this.follow(parseMetadata(text, file), [...by, file]);
  }

  /** The value with everything in it that stands in other files. */
  async expand(value: Located): Promise<Located> {
    const { content, ...place } = await this.follow(value);
    if (isList(content)) {
      return { ...place, content: await Promise.all(content.map((item) => this.expand(item))) };
    }
    if (!isMap(content)) return { ...place, content };
    const fields = [...content].map(
      async ([key, field]) => [key, await this.expand(field)] as const,
    );
    return { ...place, content: new Map(await Promise.all(fields)) };
  }
}

/** Named as the including file is, so that errors can be clicked at. */
function besides(including: string, included: string): string {
  const file = resolve(dirname(including), included);
  return isAbsolute(including) ? file : relative('', file);
}

async function contentsOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)))
      return undefined;
    throw error;
  }
}
