import {
  invalidMetadata,
  kindOf,
  listOf,
  mapOf,
  plainOf,
  textOf,
  type Located,
} from './located-value.js';

/**
 * Reads the fields of one group, and knows which of them nobody has asked for: what is new in some version of Hasura
 * is told and not lost.
 */
export class FieldReader {
  private readonly fields: ReadonlyMap<string, Located>;
  private readonly asked = new Set<string>();

  /**
   * @param path how the group is called in notes and errors: `retry_conf`; empty for the trigger itself
   * @param notes where what is found is told
   */
  constructor(
    private readonly of: Located,
    private readonly path: string,
    readonly notes: string[],
  ) {
    this.fields = mapOf(of, path === '' ? 'an event trigger' : path);
  }

  /** A field that is empty counts as one that is not there, as in Hasura. */
  take(name: string): Located | undefined {
    this.asked.add(name);
    const value = this.fields.get(name);
    return value === undefined || value.content === null ? undefined : value;
  }

  group(name: string): FieldReader | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : new FieldReader(value, this.pathOf(name), this.notes);
  }

  text(name: string): string | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : textOf(value, this.pathOf(name));
  }

  flag(name: string): boolean {
    const value = this.take(name);
    if (value === undefined) return false;
    if (typeof value.content === 'boolean') return value.content;
    throw invalidMetadata(
      value,
      `${this.pathOf(name)} is ${kindOf(value)}`,
      'Write true or false.',
    );
  }

  /** A whole number from 0. */
  count(name: string): number | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value.content) && Number(value.content) >= 0)
      return Number(value.content);
    throw invalidMetadata(
      value,
      `${this.pathOf(name)} is ${kindOf(value)}`,
      'Write a whole number from 0.',
    );
  }

  list(name: string): readonly Located[] {
    const value = this.take(name);
    return value === undefined ? [] : listOf(value, this.pathOf(name));
  }

  required(name: string): Located {
    const value = this.take(name);
    if (value !== undefined) return value;
    throw invalidMetadata(
      this.of,
      `${this.path === '' ? 'an event trigger' : this.path} has no field "${name}"`,
      'Add it, or export the metadata again.',
    );
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** Tells what nobody has asked for. */
  noteOthers(): void {
    for (const [name, value] of this.fields) {
      if (this.asked.has(name)) continue;
      const place = `${value.file}:${value.line}`;
      this.note(
        `${this.pathOf(name)} is unknown here and left out (${place}): ${JSON.stringify(plainOf(value))}. Look up what it does in your version of Hasura.`,
      );
    }
  }

  private pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}
