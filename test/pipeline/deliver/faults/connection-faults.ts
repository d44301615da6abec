import { CRLF, drips, EMPTY, OK, says, saysAndLeaves, type Fault } from './fault.js';

/** As Node, undici and axios name a connection that was lost. */
const LOST =
  /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ECONNABORTED|ERR_BAD_RESPONSE|ERR_STREAM_PREMATURE_CLOSE)$/;
/** More than the buffers of two sockets hold. */
const LARGE_ROW_BYTES = 8 * 1_024 ** 2;

/** Silence, dripping and loss, in each phase of a request. */
export const connectionFaults: readonly Fault[] = [
  {
    name: 'accepts and says nothing',
    misbehave: () => undefined,
    kind: 'retry',
    status: null,
    timesOut: true,
  },
  {
    name: 'reads no further than the head of a large request',
    misbehave: (socket) => void socket.pause(),
    kind: 'retry',
    status: null,
    timesOut: true,
    rowBytes: LARGE_ROW_BYTES,
  },
  {
    name: 'drips its headers',
    misbehave: drips(OK, `x: 1${CRLF}`),
    kind: 'retry',
    status: null,
    timesOut: true,
  },
  {
    name: 'drips its body',
    misbehave: drips(`${OK}transfer-encoding: chunked${CRLF}${CRLF}`, `1${CRLF}a${CRLF}`),
    kind: 'retry',
    status: null,
    timesOut: true,
  },
  {
    name: 'announces a body that never comes',
    misbehave: says(`${OK}content-length: 5${CRLF}${CRLF}`),
    kind: 'retry',
    status: null,
    timesOut: true,
  },
  {
    name: 'resets the connection instead of an answer',
    misbehave: (socket) => void socket.resetAndDestroy(),
    kind: 'retry',
    status: null,
    code: LOST,
  },
  {
    name: 'closes the connection instead of an answer',
    misbehave: (socket) => void socket.end(),
    kind: 'retry',
    status: null,
    code: LOST,
  },
  {
    name: 'resets the connection while a large request comes in',
    misbehave: (socket) => void socket.resetAndDestroy(),
    kind: 'retry',
    status: null,
    code: LOST,
    rowBytes: LARGE_ROW_BYTES,
  },
  {
    name: 'resets the connection in its headers',
    misbehave: (socket) => void socket.write(`${OK}content-`, () => socket.resetAndDestroy()),
    kind: 'retry',
    status: null,
    code: LOST,
  },
  {
    name: 'closes the connection in its body',
    misbehave: saysAndLeaves(`${OK}content-length: 9${CRLF}${CRLF}half`),
    kind: 'retry',
    status: null,
    code: LOST,
  },
  {
    name: 'closes the connection in a chunk of its body',
    misbehave: saysAndLeaves(`${OK}transfer-encoding: chunked${CRLF}${CRLF}9${CRLF}half`),
    kind: 'retry',
    status: null,
    code: LOST,
  },
  {
    name: 'closes every connection after its answer',
    misbehave: saysAndLeaves(`${OK}connection: close${CRLF}${EMPTY}`),
    kind: 'delivered',
    status: 200,
  },
];
