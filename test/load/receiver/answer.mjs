// @ts-check
/** What the receiver answers: 200, five headers, 100 bytes. */

export const STATUS = 200;
export const BODY = `{"received": "safe", "note": "${'as it was sent, '.repeat(4)}done"}`;
/** Node adds the other three: date, connection, keep-alive. */
export const HEADERS = {
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(BODY)),
};

/** The headers as they come to a sender, where a destination without HTTP has to have some. */
export const HEADERS_RECEIVED = JSON.stringify({
  ...HEADERS,
  date: 'Tue, 24 Nov 2026 04:11:40 GMT',
  connection: 'keep-alive',
  'keep-alive': 'timeout=60',
});
