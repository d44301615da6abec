/** The parts of a request that Express, Fastify and `node:http` have in common. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders?: readonly string[];
  /** Fastify keeps the request of `node:http` here. */
  readonly raw?: { readonly rawHeaders?: readonly string[] };
}

/**
 * The value of a header that was sent exactly once; undefined where it is missing or repeated.
 *
 * Node joins repeated headers into `a, b`, so only the raw headers show that somebody, a proxy perhaps,
 * added a second value to the sender's.
 */
export function singleHeader(request: RequestWithHeaders, header: string): string | undefined {
  const name = header.toLowerCase();
  const value = request.headers[name];
  if (typeof value !== 'string') return undefined;
  return timesSent(request, name) > 1 ? undefined : value;
}

function timesSent(request: RequestWithHeaders, name: string): number {
  const rawHeaders = request.raw?.rawHeaders ?? request.rawHeaders ?? [];
  return rawHeaders.filter((entry, index) => isNameAt(index) && entry.toLowerCase() === name)
    .length;
}

/** Raw headers are a flat list: name, value, name, value. */
function isNameAt(index: number): boolean {
  return index % 2 === 0;
}
