// @ts-check
/** The messages of Postgres' protocol that run a prepared statement; documentation, section 54.7. */

const LENGTH_BYTES = 4;

/**
 * Bind, Execute and Sync in one piece: one round trip, one transaction.
 *
 * @param {string} statement
 * @param {readonly string[]} values
 */
export function runStatement(statement, values) {
  return Buffer.concat([
    message('B', [
      text(''),
      text(statement),
      short(0),
      short(values.length),
      ...values.map(value),
      short(0),
    ]),
    message('E', [text(''), long(0)]),
    message('S', []),
  ]);
}

/**
 * Calls `on` for each complete message and returns the rest, which belongs to the next chunk.
 *
 * @param {Buffer} bytes
 * @param {(type: string, content: Buffer) => void} on
 */
export function readMessages(bytes, on) {
  let start = 0;
  for (;;) {
    if (bytes.length - start < 1 + LENGTH_BYTES) break;
    const end = start + 1 + bytes.readInt32BE(start + 1);
    if (bytes.length < end) break;
    on(String.fromCharCode(bytes[start] ?? 0), bytes.subarray(start + 1 + LENGTH_BYTES, end));
    start = end;
  }
  return bytes.subarray(start);
}

/**
 * @param {string} type
 * @param {Buffer[]} parts
 */
function message(type, parts) {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), long(content.length + LENGTH_BYTES), content]);
}

/** @param {string} content */
const text = (content) => Buffer.from(`${content}\0`);

/** @param {string} content */
function value(content) {
  const bytes = Buffer.from(content);
  return Buffer.concat([long(bytes.length), bytes]);
}

/** @param {number} number */
function long(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(number);
  return bytes;
}

/** @param {number} number */
function short(number) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(number);
  return bytes;
}
