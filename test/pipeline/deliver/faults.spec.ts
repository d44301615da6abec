import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { LANES, LANE_OF_AGENTS } from '../support/lanes.js';
import { startRawServer, type RawServer } from '../support/raw-server.js';
import { destinationOf, event } from '../support/trigger.js';
import { answerFaults, redirectFaults } from './faults/answer-faults.js';
import { connectionFaults } from './faults/connection-faults.js';
import type { Expectation, Fault } from './faults/fault.js';
import { PeakMemory } from './faults/peak-memory.js';

/** For what is to run into it. */
const TIMEOUT_MS = 600;
const TIMEOUT_OF_LARGE_MS = 3_000;
/** For what is not, on a loaded machine either. */
const PATIENCE_MS = 20_000;
/** What a loaded machine may take on top of a timeout. */
const SLACK_MS = 2_000;
/** What an attempt may need beside the request itself, both sides of it and the garbage of the test runner included. */
const MOST_MEMORY_BYTES = 48 * 1_024 ** 2;
const FEW_BYTES = 10;

describe.each(LANES)('a webhook that is sent %s to a receiver that', (lane, makeInstance) => {
  const hasAgents = lane === LANE_OF_AGENTS[0];
  let server: RawServer;
  let deliverer: EventDeliverer;

  beforeEach(() => {
    deliverer = new EventDeliverer(new WebhookClient(makeInstance(), { connections: 2 }));
  });
  afterEach(async () => {
    await deliverer.close();
    await server.close();
  });

  const faults = [...connectionFaults, ...answerFaults, ...redirectFaults];

  it.each(faults.map((fault) => [fault.name, fault] as const))('%s', async (_name, fault) => {
    const expected: Expectation = { ...fault, ...(hasAgents && fault.throughAgents) };
    let requests = 0;
    server = await startRawServer((socket) => {
      requests += 1;
      fault.misbehave(socket);
    });
    const inTime = fault.rowBytes ? TIMEOUT_OF_LARGE_MS : TIMEOUT_MS;
    const timeout = expected.timesOut ? inTime : PATIENCE_MS;
    const row = `{"id":1,"filler":"${'x'.repeat(fault.rowBytes ?? FEW_BYTES)}"}`;
    const memory = PeakMemory.begin();
    const start = performance.now();
    const outcome = await deliverer.deliver(
      destinationOf({ webhook: server.url, timeout }),
      event({ new: row }),
    );
    const took = performance.now() - start;
    expect(memory.end(), 'bytes of memory beside the request').toBeLessThan(
      MOST_MEMORY_BYTES + COPIES_OF_A_REQUEST * row.length,
    );
    expect(outcome).toMatchObject({ kind: expected.kind, status: expected.status });
    expect(String(outcome.error?.code)).toMatch(codeOf(expected));
    expect(String(outcome.responseBody)).toMatch(fault.body ?? ANYTHING);
    expect(took, 'ms until the outcome').toBeLessThan(
      expected.timesOut ? inTime + SLACK_MS : PATIENCE_MS / 2,
    );
    expect(took, 'ms until the outcome').toBeGreaterThan(expected.timesOut ? inTime * 0.9 : 0);
    expect(requests, 'it is asked once').toBe(1);
  });

  it('has misbehaved gets the next webhook all the same', async () => {
    const remaining = faults.filter(
      ({ timesOut, throughAgents, rowBytes }) => !timesOut && !throughAgents?.timesOut && !rowBytes,
    );
    let fault: Fault | undefined;
    server = await startRawServer((socket) =>
      fault
        ? fault.misbehave(socket)
        : void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    );
    const destination = destinationOf({ webhook: server.url, timeout: PATIENCE_MS });
    for (fault of remaining) {
      await deliverer.deliver(destination, event());
      const { name } = fault;
      fault = undefined;
      const outcome = await deliverer.deliver(destination, event());
      expect(outcome, `after a receiver that ${name}`).toMatchObject({ kind: 'delivered' });
    }
  });
});

/** As text, as bytes, and in the buffers of both sockets. */
const COPIES_OF_A_REQUEST = 6;

const ANYTHING = /^/;

const codeOf = ({ code, timesOut }: Expectation): RegExp =>
  timesOut ? /^ETIMEDOUT$/ : (code ?? ANYTHING);
