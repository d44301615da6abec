/** Why an event was given up, for somebody who sees the word for the first time. */
const REASONS: Readonly<Record<string, string>> = {
  exhausted: 'All attempts that its retry policy allows have failed.',
  'too-old': 'It is older than its retry policy allows attempts to be made.',
  rejected: 'The answer means that another attempt would end the same way.',
  'lease-lost': 'The process that delivered it ended in the middle, more than once.',
};

const ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at the address. Look whether the receiver runs, and at the port.',
  ECONNRESET: 'The receiver or a proxy before it broke the connection. Look into its log.',
  ENOTFOUND: 'The host name does not exist. Look at the URL of the webhook.',
  EAI_AGAIN: 'The name server did not answer. This is often over in moments.',
  CERT_HAS_EXPIRED: 'Renew the certificate of the receiver.',
  UND_ERR_CONNECT_TIMEOUT: 'The host does not answer. Look at its firewall.',
  ETIMEDOUT: 'The receiver took longer than timeout. Let it answer first and work later.',
  ET_FORBIDDEN_ADDRESS:
    'The address is one that webhooks may not go to. See destinations in the options.',
  BODY_TOO_LARGE: 'Leave large columns out with payload, or raise maxBodyBytes.',
  SKIPPED: 'The transform of the trigger wanted no request for it.',
  HTTP_401: 'The receiver does not accept the secret. Compare it on both sides.',
  HTTP_403: 'The receiver does not accept the secret. Compare it on both sides.',
  HTTP_404: 'The receiver has no such path. Look at the URL of the webhook.',
  HTTP_410: 'The receiver says that it is gone for good. Change the webhook, then resume.',
  HTTP_413: 'The body is too large for the receiver. Leave columns out with payload.',
  HTTP_429: 'The receiver has too much to do. Set rateLimit or concurrency.',
};

export const reasonText = (reason: string): string => REASONS[reason] ?? `It ended with ${reason}.`;

/** What to do about an error; null where only the receiver knows. */
export function remedyOf(code: string | null): string | null {
  if (code === null) return null;
  const known = ERRORS[code];
  if (known !== undefined) return known;
  if (/^HTTP_5\d\d$/.test(code)) return 'The receiver failed. Its log says why.';
  if (/^HTTP_3\d\d$/.test(code))
    return 'Redirects are not followed: name the new URL as the webhook.';
  return null;
}
