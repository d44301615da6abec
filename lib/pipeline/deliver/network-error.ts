/** What went wrong below HTTP, in a form that fits a log. */
export interface NetworkError {
  /** As Node, OpenSSL or undici name it: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `UND_ERR_SOCKET`. */
  readonly code: string;
  readonly message: string;
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while the request was sent',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the name server did not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate chain is incomplete',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  EPROTO: 'it does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  UND_ERR_CONNECT_TIMEOUT: 'the connection was not made in time',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'its body is not as long as it says',
  UND_ERR_SOCKET: 'the other side closed the connection',
  UND_ERR_HEADERS_OVERFLOW: 'its headers are too large',
};

/** llhttp's codes; undici leaves them out of errors that it gives this name. */
const PARSER_ERRORS = 'HPE_';
const PARSER_ERROR_NAME = 'HTTPParserError';
/** What undici puts before what its parser says. */
const PARSER_PREFIX = /^Response does not match the HTTP\/1\.1 protocol \((.*)\)$/;

/** The end of every chain of causes; deeper ones are cyclic. */
const DEEPEST_CAUSE = 5;

/**
 * The innermost reason of a failed request.
 *
 * Wrappers are opened: when all addresses of a host fail Node raises an `AggregateError` without a message,
 * and axios and undici put the error of the socket into `cause`.
 */
export function networkErrorOf(error: unknown, origin: string): NetworkError {
  const inner = innermost(error, 0);
  const code = codeOf(inner) ?? (isParserError(inner) ? NO_HTTP : (codeOf(error) ?? 'UNKNOWN'));
  return { code, message: `${origin}: ${explanationOf(code, inner)}` };
}

/** OpenSSL's codes; what it means it says in `reason`, and much more in its message. */
const TLS_ERRORS = 'ERR_SSL_';
const NO_HTTP = `${PARSER_ERRORS}INVALID_ANSWER`;

const isParserError = (error: unknown): boolean =>
  error instanceof Error && error.name === PARSER_ERROR_NAME;

function explanationOf(code: string, error: unknown): string {
  const message = error instanceof Error ? error.message : 'the request failed';
  const known = EXPLANATIONS[code];
  if (known !== undefined) return known;
  if (code.startsWith(TLS_ERRORS)) {
    const { reason = message } = error as { reason?: string };
    return `TLS could not be agreed on: ${reason}`;
  }
  if (!code.startsWith(PARSER_ERRORS)) return message;
  const [, found] = PARSER_PREFIX.exec(message) ?? [];
  return `what it answers is no HTTP/1.1${found === undefined ? '' : `: ${found}`}`;
}

function innermost(error: unknown, depth: number): unknown {
  if (depth === DEEPEST_CAUSE || !(error instanceof Error)) return error;
  if (error instanceof AggregateError && error.errors.length > 0) {
    return innermost(mostTelling(error.errors), depth + 1);
  }
  return error.cause instanceof Error ? innermost(error.cause, depth + 1) : error;
}

/** A host without IPv6 cannot reach any such address: that says nothing about the receiver. */
function mostTelling(errors: readonly unknown[]): unknown {
  return errors.find((error) => codeOf(error) !== 'ENETUNREACH') ?? errors[0];
}

function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code !== '' ? code : null;
}
