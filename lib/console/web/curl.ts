export interface CurlRequest {
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** A request as a command for a POSIX shell; what is `$NAME` in a header is filled in by the shell. */
export function curlCommand({ url, headers, body }: CurlRequest): string {
  const lines = [
    `curl -X POST ${quoted(url)}`,
    ...headers.map(([name, value]) => `-H ${headerArgument(name, value)}`),
    `--data-raw ${quoted(body)}`,
  ];
  return lines.join(' \\\n  ');
}

/** Nothing is special between single quotes but the quote itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const VARIABLE = /^\$[A-Z_][A-Z0-9_]*$/;

function headerArgument(name: string, value: string): string {
  return VARIABLE.test(value) ? `"${name}: ${value}"` : quoted(`${name}: ${value}`);
}
