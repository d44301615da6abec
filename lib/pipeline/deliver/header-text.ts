/** What a header carries as it is: ASCII without blanks, quotes and the sign that escapes. */
const NOT_PLAIN = /[^\x21\x23\x24\x26-\x7e]+/g;

/** Any text as the value of a header, percent-encoded where it has to be (CloudEvents HTTP binding §3.1.3.2). */
export function headerText(text: string): string {
  return text.replace(NOT_PLAIN, (part) =>
    Buffer.from(part, 'utf8').toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
