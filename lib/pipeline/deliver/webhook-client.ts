import type { lookup } from 'node:dns';
import type { AxiosInstance } from 'axios';
import { Agent } from 'undici';
import { AddressRules } from './address-rules.js';
import { ClosedError } from './closed-error.js';
import type { DeliveryTracer } from './delivery-tracer.js';
import type { WebhookDestination } from './destination.js';
import { guardedConnector } from './guarded-connector.js';
import { HostAxios } from './host-axios.js';
import { HostLane } from './host-lane.js';
import { exchange, type AnswerLimits, type HttpAnswer, type HttpRequest } from './http-exchange.js';

export interface WebhookClientSettings {
  /** Connections to one origin. */
  readonly connections: number;
  /** Milliseconds for making a connection. Default: 5 s, enough for two lost SYN packets. */
  readonly connectTimeout?: number;
  /** Where it may connect to; not where the host has agents of its own. Default: anywhere but to metadata. */
  readonly addresses?: AddressRules;
  /** How names become addresses. Default: the system's way. */
  readonly lookup?: typeof lookup;
  /** Certificates of authorities that receivers are trusted by, as PEM. Default: those that Node trusts. */
  readonly authorities?: string;
  /** Keeps whatever else traces HTTP from a request. Default: it is sent for all to see. */
  readonly unwatched?: DeliveryTracer['unwatched'];
}

/** The body of a request. */
export interface RequestBody {
  readonly text: string;
  /** The same in UTF-8, where it has been made; else null. */
  readonly bytes: Buffer | null;
}

type Send = (request: HttpRequest, limits: AnswerLimits) => Promise<HttpAnswer>;

const ANYWHERE = { publicOnly: false, allow: [] } as const;
const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 5 s after which a Node server closes an idle connection, so that none is written to as it closes. */
const KEEP_ALIVE_MS = 4_000;
/** Node gives an address 250 ms before it tries the next one, too little for a distant receiver. */
const NEXT_ADDRESS_AFTER_MS = 1_000;
/** How long the host's settings are believed to be as they were: looking costs as much as a tenth of a request. */
const LOOK_EVERY_MS = 100;

/**
 * Posts bodies to destinations.
 *
 * Requests belong to the host's axios instance, so that its interceptors, agents and mocks apply. While it
 * carries none, the request goes straight to undici, because then axios could only cost: a stock request
 * takes seven to thirteen times as much CPU.
 */
export class WebhookClient {
  private readonly agent: Agent;
  private readonly host: HostAxios;
  private readonly hostLane: HostLane;
  private readonly send: Send;
  private direct = false;
  private hostTimeout = Number.POSITIVE_INFINITY;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(axios: AxiosInstance, settings: WebhookClientSettings) {
    this.host = new HostAxios(axios);
    this.agent = new Agent({
      connections: settings.connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // One timer of ours covers the whole attempt; these would only be beaten by a body that drips.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: guardedConnector(settings.addresses ?? new AddressRules(ANYWHERE), {
        timeout: settings.connectTimeout ?? CONNECT_TIMEOUT_MS,
        nextAddressAfter: NEXT_ADDRESS_AFTER_MS,
        ...(settings.lookup && { lookup: settings.lookup }),
        ...(settings.authorities && { authorities: settings.authorities }),
      }),
    });
    const send: Send = (request, limits) => exchange(this.agent, request, limits);
    const { unwatched } = settings;
    this.send = unwatched ? (request, limits) => unwatched(() => send(request, limits)) : send;
    this.hostLane = new HostLane(axios, this.send);
  }

  /** Resolves with the answer, whatever its status; rejects where there was none. */
  // Its promise is handed on as it is: one that waits for another costs a sender of many events.
  post(
    destination: WebhookDestination,
    { text, bytes }: RequestBody,
    eventHeaders: readonly string[] = [],
  ): Promise<HttpAnswer> {
    const headers =
      eventHeaders.length === 0 ? destination.headers : [...destination.headers, ...eventHeaders];
    if (!this.goesDirect()) return this.hostLane.post(destination, headers, text);
    const { origin, path } = destination;
    const timeout = Math.min(destination.timeout, this.hostTimeout);
    const body = bytes ?? text;
    return this.send({ origin, path, method: 'POST', headers, body, timeout }, destination.answer);
  }

  /** Ends all connections at once; a request that is still under way fails. */
  async close(): Promise<void> {
    this.hostLane.abort(new ClosedError());
    await this.agent.destroy(new ClosedError());
  }

  private goesDirect(): boolean {
    const now = performance.now();
    if (now - this.lookedAt > LOOK_EVERY_MS) {
      this.lookedAt = now;
      this.direct = this.host.isUntouched();
      this.hostTimeout = this.host.timeout();
    }
    return this.direct;
  }
}
