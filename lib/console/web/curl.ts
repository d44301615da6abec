import type { EventOnPage } from './answers.js';

type EventRequest = NonNullable<EventOnPage['request']>;

/** What a receiver would find to be of another time or another body. */
const OF_ONE_ATTEMPT = ['webhook-timestamp', 'webhook-signature'];
const VARIABLE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/**
 * A request as a command for a POSIX shell, which fills in what is not told: environment variables by their names, and
 * literal headers by theirs in capitals. It goes out unsigned.
 */
export function curlCommand({ url, headers, body }: EventRequest): string {
  const lines = [
    `curl -X POST ${argument(url)}`,
    ...headers
      .filter(({ name }) => !OF_ONE_ATTEMPT.includes(name))
      .map(({ name, value }) => `-H ${argument(`${name}: ${value ?? `{{${variableOf(name)}}}`}`)}`),
    `--data-raw ${quoted(body)}`,
  ];
  return lines.join(' \\\n  ');
}

const variableOf = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

/** Templates become variables of the shell, between the quotes of the rest. */
function argument(text: string): string {
  const parts = text.split(VARIABLE);
  return parts
    .map((part, place) => (place % 2 === 1 ? `"$${part}"` : part === '' ? '' : quoted(part)))
    .join('');
}

/** Nothing is special between single quotes but the quote itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
