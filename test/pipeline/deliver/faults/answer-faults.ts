import { gzipSync } from 'node:zlib';
import { CRLF, EMPTY, floods, OK, says, saysAndLeaves, type Fault } from './fault.js';

const GIGABYTE = 1_024 ** 3;
const PIECE = Buffer.alloc(64 * 1_024, 'x');
/** What a client refuses that does not speak HTTP: llhttp's codes, undici's and Node's. */
const NO_HTTP = /^(HPE_\w+|UND_ERR_\w+|ERR_BAD_RESPONSE|ERR_HTTP_\w+|ECONNRESET)$/;
/** 200 MB of zeros, of which some hundred kilobytes are on the wire: parts that are packed follow each other. */
const BOMB = Buffer.concat(Array<Buffer>(200).fill(gzipSync(Buffer.alloc(1_024 ** 2))));

/** Too much, too little, or nothing that is HTTP. */
export const answerFaults: readonly Fault[] = [
  {
    name: 'sends a gigabyte of body',
    misbehave: floods(`${OK}content-length: ${GIGABYTE}${CRLF}${CRLF}`, PIECE, GIGABYTE),
    kind: 'delivered',
    status: 200,
    body: /^x{2048}$/,
  },
  {
    name: 'sends a body without end in chunks',
    misbehave: floods(
      `${OK}transfer-encoding: chunked${CRLF}${CRLF}`,
      `1000${CRLF}${'x'.repeat(0x1000)}${CRLF}`,
    ),
    kind: 'delivered',
    status: 200,
    body: /^x{2048}$/,
  },
  {
    name: 'fails with a body without end',
    misbehave: floods(`HTTP/1.1 500 Failed${CRLF}connection: close${CRLF}${CRLF}`, PIECE),
    kind: 'retry',
    status: 500,
    body: /^x{2048}$/,
  },
  {
    name: 'sends a compression bomb',
    misbehave: floods(
      `${OK}content-encoding: gzip${CRLF}content-length: ${BOMB.length}${CRLF}${CRLF}`,
      BOMB,
      BOMB.length,
    ),
    kind: 'delivered',
    status: 200,
  },
  {
    name: 'names an encoding that its body does not have',
    misbehave: says(`${OK}content-encoding: br${CRLF}content-length: 3${CRLF}${CRLF}raw`),
    kind: 'delivered',
    status: 200,
    body: /^raw$/,
  },
  {
    name: 'sends more than it announced',
    misbehave: says(`${OK}content-length: 2${CRLF}${CRLF}okay, and more`),
    kind: 'delivered',
    status: 200,
    body: /^ok$/,
  },
  {
    name: 'sends a body with a status that has none',
    misbehave: saysAndLeaves(`HTTP/1.1 204 No Content${CRLF}content-length: 4${CRLF}${CRLF}body`),
    kind: 'delivered',
    status: 204,
  },
  {
    name: 'says to go on before its answer',
    misbehave: says(`HTTP/1.1 100 Continue${CRLF}${CRLF}${OK}${EMPTY}`),
    // undici takes it only for what it asks for itself.
    kind: 'retry',
    status: null,
    throughAgents: { kind: 'delivered', status: 200 },
  },
  {
    name: 'gives hints before its answer',
    misbehave: says(`HTTP/1.1 103 Early Hints${CRLF}link: </style.css>${CRLF}${CRLF}${OK}${EMPTY}`),
    kind: 'delivered',
    status: 200,
  },
  {
    name: 'gives hints without end and no answer',
    misbehave: floods('', `HTTP/1.1 103 Early Hints${CRLF}x: ${'y'.repeat(1_000)}${CRLF}${CRLF}`),
    kind: 'retry',
    status: null,
    timesOut: true,
  },
  {
    name: 'wants to speak another protocol',
    misbehave: says(
      `HTTP/1.1 101 Switching Protocols${CRLF}connection: upgrade${CRLF}upgrade: x${CRLF}${CRLF}`,
    ),
    kind: 'retry',
    status: null,
    // Node takes the connection away, and axios waits for what will not come.
    throughAgents: { timesOut: true },
  },
  {
    name: 'sends headers that are too large',
    misbehave: floods(OK, `x-filler: ${'y'.repeat(1_000)}${CRLF}`),
    kind: 'retry',
    status: null,
    code: /^(UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/,
  },
  {
    name: 'sends a header of a megabyte',
    misbehave: says(`${OK}x: ${'y'.repeat(1_024 ** 2)}${CRLF}${EMPTY}`),
    kind: 'retry',
    status: null,
    code: /^(UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/,
  },
  {
    name: 'sends headers that are not ASCII',
    misbehave: says(`${OK}x-name: K\u00f6ln${CRLF}${EMPTY}`),
    kind: 'delivered',
    status: 200,
  },
  {
    name: 'sends a NUL in a header',
    misbehave: says(`${OK}x: a\0b${CRLF}${EMPTY}`),
    kind: 'retry',
    status: null,
    code: NO_HTTP,
  },
  {
    name: 'sends a body of NUL and bytes that are no UTF-8',
    misbehave: says(`${OK}content-length: 4${CRLF}${CRLF}a\0\u00ff\u00feb`),
    kind: 'delivered',
    status: 200,
  },
  ...['1.5', '-1', '1, 2', 'zz', '99999999999999999999'].map((length): Fault => ({
    name: `announces a length of ${length}`,
    misbehave: says(`${OK}content-length: ${length}${CRLF}${CRLF}body`),
    kind: 'retry',
    status: null,
    code: NO_HTTP,
  })),
  {
    name: 'announces two lengths',
    misbehave: says(`${OK}content-length: 4${CRLF}content-length: 5${CRLF}${CRLF}body`),
    kind: 'retry',
    status: null,
    code: NO_HTTP,
  },
  {
    name: 'announces both a length and chunks',
    misbehave: says(
      `${OK}content-length: 4${CRLF}transfer-encoding: chunked${CRLF}${CRLF}0${CRLF}${CRLF}`,
    ),
    kind: 'retry',
    status: null,
    code: NO_HTTP,
  },
  {
    name: 'sends a chunk of no size',
    misbehave: says(`${OK}transfer-encoding: chunked${CRLF}${CRLF}zz${CRLF}body${CRLF}`),
    kind: 'retry',
    status: null,
    code: NO_HTTP,
  },
  ...[
    ['a mail server', '220 mail.example ESMTP'],
    ['HTTP/0.9', '<html>hello</html>'],
    ['a status line without a status', 'HTTP/1.1 OK'],
    ['a status of two digits', 'HTTP/1.1 20 OK'],
    ['a status of four digits', 'HTTP/1.1 2000 OK'],
    ['a version that does not exist', 'HTTP/7.3 200 OK'],
    ['TLS', '\x15\x03\x01\x00\x02\x02\x16'],
  ].map(([what, line]): Fault => ({
    name: `speaks like ${what}`,
    misbehave: saysAndLeaves(`${line}${CRLF}${CRLF}`),
    kind: 'retry',
    status: null,
    code: NO_HTTP,
  })),
  {
    name: 'answers a large request before it has read it, and leaves',
    misbehave: (socket) => {
      socket.pause();
      socket.end(`HTTP/1.1 413 Too Large${CRLF}connection: close${CRLF}${EMPTY}`);
    },
    kind: 'rejected',
    status: 413,
    rowBytes: 16 * 1_024 ** 2,
  },
];

/** To itself, to where no webhook may go, and to what is no URL. */
export const redirectFaults: readonly Fault[] = [301, 302, 303, 307, 308].flatMap((status) =>
  ['/hook', 'http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', '//', '\u00ff'].map(
    (location): Fault => ({
      name: `sends it to ${JSON.stringify(location)} with a ${status}`,
      misbehave: says(`HTTP/1.1 ${status} There${CRLF}location: ${location}${CRLF}${EMPTY}`),
      kind: 'retry',
      status,
    }),
  ),
);
