/** What the server says of a refusal. */
export interface ProblemDocument {
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly message?: string;
  readonly code?: string;
  readonly hint?: string;
}

/** A request that came to nothing, with what to do about it where the server knows. */
export class Problem extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly status: number;

  constructor({ title, status = 0, detail, message, code = '', hint }: ProblemDocument) {
    super(detail ?? message ?? title ?? `The server answered ${status}`);
    this.name = 'Problem';
    this.code = code;
    this.hint = hint ?? null;
    this.status = status;
  }
}

/** Whatever was thrown, as something that can be shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem({
    detail: `The server cannot be reached: ${detail}`,
    hint: 'Look whether the application runs and whether you are still signed in.',
  });
}

export const isAbort = (error: unknown): boolean =>
  error instanceof Error && error.name === 'AbortError';

/** A body that is no problem document comes from something in between, such as a proxy. */
export function problemFrom(status: number, statusText: string, body: string): Problem {
  const document = parsed(body);
  if (document !== null) return new Problem({ ...document, status });
  const hint =
    status === 401 || status === 403 ? 'You may have to sign in to the application again.' : null;
  return new Problem({
    status,
    detail: `The server answered ${status} ${statusText}`.trim(),
    ...(hint === null ? {} : { hint }),
  });
}

function parsed(body: string): ProblemDocument | null {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null) return null;
    return Object.fromEntries(
      Object.entries(value).filter(([name, member]) => name === 'status' || isText(member)),
    );
  } catch {
    return null;
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';
