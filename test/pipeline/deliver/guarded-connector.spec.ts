import type { LookupAddress, LookupOptions } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AddressRules,
  type ForbiddenAddressError,
} from '../../../lib/pipeline/deliver/address-rules.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import type { Outcome } from '../../../lib/pipeline/deliver/outcome.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { OWN_LANES } from '../support/lanes.js';
import { destinationOf, event } from '../support/trigger.js';

const FORBIDDEN = { kind: 'rejected', status: null, error: { code: 'ET_FORBIDDEN_ADDRESS' } };
const [PERMITTED, ELSEWHERE] = ['127.0.0.1', '127.0.0.2'];
const NAME = 'receiver.example';

/** A name server whose answers are given by hand. */
class Names {
  asked = 0;

  constructor(public answers: readonly string[]) {}

  readonly lookup = ((
    _name: string,
    _options: LookupOptions,
    callback: (error: Error | null, addresses: LookupAddress[]) => void,
  ) => {
    this.asked += 1;
    callback(
      null,
      this.answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as NonNullable<ConstructorParameters<typeof WebhookClient>[1]['lookup']>;
}

describe.each(OWN_LANES)('a webhook that goes %s', (_, makeInstance) => {
  let server: Server;
  let reached: number;
  let deliverer: EventDeliverer;
  let names: Names;

  beforeEach(async () => {
    reached = 0;
    // On all addresses of the loopback network.
    server = createServer((_request, response) => {
      reached += 1;
      // Each request makes a connection of its own.
      response.writeHead(200, { connection: 'close' }).end();
    }).listen(0, '0.0.0.0');
    await once(server, 'listening');
    names = new Names([PERMITTED]);
  });
  afterEach(async () => {
    await deliverer.close();
    server.close();
  });

  const rulesWith = (allow: string[]) => new AddressRules({ publicOnly: true, allow });
  const deliver = (host: string, rules = rulesWith([PERMITTED])): Promise<Outcome> => {
    deliverer ??= new EventDeliverer(
      new WebhookClient(makeInstance(), { connections: 2, addresses: rules, lookup: names.lookup }),
    );
    const { port } = server.address() as AddressInfo;
    const url = `http://${host}:${port}/`;
    // The connector alone is to decide.
    const addresses = new AddressRules({ publicOnly: false, allow: [host] });
    const destination = destinationOf(
      { webhook: url },
      { rules: { addresses, requireHttps: false } },
    );
    return deliverer.deliver(destination, event());
  };
  const fresh = (): void => {
    deliverer = undefined as unknown as EventDeliverer;
  };
  beforeEach(fresh);

  it('reaches a name whose address may be reached', async () => {
    expect(await deliver(NAME)).toMatchObject({ kind: 'delivered', status: 200 });
  });

  it('is given up where the name leads to a forbidden address, and nothing is sent', async () => {
    names.answers = [ELSEWHERE];
    const outcome = await deliver(NAME);
    expect(outcome).toMatchObject(FORBIDDEN);
    expect(outcome.error!.message).toContain(`${ELSEWHERE} is no address of the public internet`);
    expect(reached).toBe(0);
  });

  it('is given up where one of the addresses is forbidden', async () => {
    names.answers = [PERMITTED, '::1'];
    expect(await deliver(NAME)).toMatchObject(FORBIDDEN);
    expect(reached).toBe(0);
  });

  it('is given up when the name leads elsewhere the next time', async () => {
    expect(await deliver(NAME)).toMatchObject({ kind: 'delivered' });
    names.answers = [ELSEWHERE];
    expect(await deliver(NAME)).toMatchObject(FORBIDDEN);
    expect(reached, 'requests, of the first time').toBe(1);
  });

  it('is looked at once more when it is connected', async () => {
    let looks = 0;
    const changing = new (class extends AddressRules {
      override refusal(address: string): ForbiddenAddressError | null {
        looks += 1;
        return looks > 1 ? super.refusal(address) : null;
      }
    })({ publicOnly: true, allow: [] });
    expect(await deliver(NAME, changing)).toMatchObject(FORBIDDEN);
    expect(looks, 'looks: at the answer of the name server, and at the socket').toBe(2);
    expect(reached).toBe(0);
  });

  it('is given up for a literal address, which no name server is asked for', async () => {
    expect(await deliver(ELSEWHERE)).toMatchObject(FORBIDDEN);
    expect(await deliver('[::1]')).toMatchObject(FORBIDDEN);
    expect(names.asked).toBe(0);
    expect(await deliver(PERMITTED)).toMatchObject({ kind: 'delivered' });
  });

  it('reaches a name that is trusted, wherever it leads', async () => {
    names.answers = [ELSEWHERE];
    expect(await deliver(NAME, rulesWith([NAME]))).toMatchObject({ kind: 'delivered' });
  });
});

describe('a webhook whose URL has a literal address', () => {
  const resolve = (webhook: string, publicOnly: boolean, requireHttps = false) =>
    destinationOf(
      { webhook },
      { rules: { addresses: new AddressRules({ publicOnly, allow: ['10.1.2.3'] }), requireHttps } },
    );

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://127.1/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://\uff11\uff12\uff17.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:7f00:1]/',
    'http://10.0.0.1:8080/x',
  ])('%s is refused at boot where only the public internet may be reached', (url) => {
    expect(() => resolve(url, true)).toThrow('is no address of the public internet');
    expect(() => resolve(url, false), 'where it stands in code').not.toThrow();
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://[fd00:ec2::254]/',
    'http://2852039166/',
  ])('%s is refused at boot in any case', (url) => {
    expect(() => resolve(url, false)).toThrow('hands out credentials of this machine');
  });

  it('is taken where it is allowed', () => {
    expect(resolve('http://10.1.2.3/', true)).toMatchObject({ origin: 'http://10.1.2.3' });
  });

  it('has to go over HTTPS where that is required', () => {
    expect(() => resolve('http://example.com/', false, true)).toThrow('does not go over HTTPS');
    expect(resolve('https://example.com/', false, true)).toMatchObject({
      origin: 'https://example.com',
    });
  });
});
