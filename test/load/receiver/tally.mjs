// @ts-check
/** What the receiver notes of each request, cheaply: it shares the cores with what is measured. */

const ID = Buffer.from('"id":"');
const ID_LENGTH = 36;
/** What a body with several events begins with. */
const LIST = '['.charCodeAt(0);
const NEW_ROW = Buffer.from('"new":{"id":');
/** More digits than a row's number has. */
const MOST_DIGITS = 20;

/** @typedef {{ path: string, headers: string[], body: string, eventId: string }} Sample */

export class Tally {
  requests = 0;
  bodyBytes = 0;
  /** @type {Set<string>} */
  ids = new Set();
  /** When each row's first request came, by the machine's clock. */
  /** @type {Map<number, number>} */
  arrivals = new Map();
  /** @type {Sample | undefined} */
  sample;

  /** @param {{ arrivals: boolean }} options */
  constructor({ arrivals }) {
    this.wantsArrivals = arrivals;
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {Buffer} body
   * @param {number} arrivedAt
   */
  add(request, body, arrivedAt) {
    this.requests += 1;
    this.bodyBytes += body.length;
    const id = this.#addId(body, 0);
    if (body[0] === LIST) this.#addOthers(body);
    this.sample ??= {
      path: request.url ?? '/',
      headers: request.rawHeaders,
      body: body.toString(),
      eventId: id,
    };
    if (this.wantsArrivals) this.#addArrival(body, arrivedAt);
  }

  /**
   * @param {Buffer} body
   * @param {number} from
   */
  #addId(body, from) {
    const start = body.indexOf(ID, from) + ID.length;
    const id = body.toString('latin1', start, start + ID_LENGTH);
    this.ids.add(id);
    return id;
  }

  /** @param {Buffer} body */
  #addOthers(body) {
    for (let at = body.indexOf(ID); at >= 0; at = body.indexOf(ID, at + 1)) this.#addId(body, at);
  }

  /**
   * @param {Buffer} body
   * @param {number} arrivedAt
   */
  #addArrival(body, arrivedAt) {
    const start = body.indexOf(NEW_ROW) + NEW_ROW.length;
    const row = Number.parseInt(body.toString('latin1', start, start + MOST_DIGITS), 10);
    if (!this.arrivals.has(row)) this.arrivals.set(row, arrivedAt);
  }
}
