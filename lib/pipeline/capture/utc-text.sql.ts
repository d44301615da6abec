/**
 * A timestamptz as dispatchers read it, whatever the session's settings are: a session may call its zone by a
 * name that means another one when it is read.
 */
export const utcText = (timestamptz: string): string =>
  `to_char((${timestamptz}) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'`;
