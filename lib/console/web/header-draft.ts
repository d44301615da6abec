import type { Definition } from './answers.js';

/** A header while it is written. `hidden`: a literal value that is there and not told. */
export interface HeaderDraft {
  readonly name: string;
  readonly kind: 'value' | 'environment' | 'hidden';
  readonly value: string;
}

export type Header = NonNullable<Definition['headers']>[number];
/** How the server tells of a literal value, and takes it back. */
interface HiddenHeader {
  readonly name: string;
  readonly value?: null;
  readonly isHidden: true;
}

export function headerDraft(header: Header | HiddenHeader): HeaderDraft {
  const { name } = header;
  if ('isHidden' in header) return { name, kind: 'hidden', value: '' };
  return 'valueFromEnv' in header
    ? { name, kind: 'environment', value: header.valueFromEnv }
    : { name, kind: 'value', value: header.value };
}

export function headerOf({ name: given, kind, value }: HeaderDraft): Header {
  const name = given.trim();
  if (kind === 'environment') return { name, valueFromEnv: value.trim() };
  if (kind === 'value') return { name, value };
  const hidden: HiddenHeader = { name, isHidden: true };
  return hidden as unknown as Header;
}
