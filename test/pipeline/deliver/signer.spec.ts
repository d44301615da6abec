import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { EventTriggersError } from '../../../lib/event-triggers.errors.js';
import type { StoredSigningKey } from '../../../lib/pipeline/attach/stored-trigger.js';
import { SignedContent, type Letter } from '../../../lib/pipeline/deliver/letter.js';
import { signatureOf, signersOf } from '../../../lib/pipeline/deliver/signer.js';

// The published test vectors of Standard Webhooks.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const PRIVATE =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const LETTER: Letter = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  sentAt: 1_614_265_330_999,
  body: '{"test": 2432232314}',
};
const CONTENT = `${LETTER.id}.1614265330.${LETTER.body}`;
const OF_SECRET = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const OF_PRIVATE =
  'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';

const ANOTHER = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const forEver = (key: string): StoredSigningKey => ({ key, until: null });
const signersFor = (keys: StoredSigningKey[], env: Record<string, string> = {}) =>
  signersOf(keys, 'Event trigger "x"', env);
const signed = (keys: StoredSigningKey[], now = 0) =>
  signatureOf(signersFor(keys), new SignedContent(LETTER), now);
const refusal = (key: string): EventTriggersError => {
  try {
    signersFor([forEver(key)]);
  } catch (error) {
    return error as EventTriggersError;
  }
  throw new Error(`${key} was taken`);
};

describe('a signature', () => {
  it('is that of the published vectors, symmetric and asymmetric', () => {
    expect(signed([forEver(SECRET)])).toBe(OF_SECRET);
    expect(signed([forEver(PRIVATE)])).toBe(OF_PRIVATE);
  });

  it('is the same for a private key that comes without its public one', () => {
    const pair = Buffer.from(PRIVATE.slice('whsk_'.length), 'base64');
    const seed = `whsk_${pair.subarray(0, 32).toString('base64')}`;
    expect(signed([forEver(seed)])).toBe(OF_PRIVATE);
  });

  it('of an ed25519 key verifies by its public key', () => {
    const pair = Buffer.from(PRIVATE.slice('whsk_'.length), 'base64');
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: pair.subarray(32).toString('base64url') },
      format: 'jwk',
    });
    const signature = Buffer.from(signed([forEver(PRIVATE)])!.slice('v1a,'.length), 'base64');
    expect(verify(null, Buffer.from(CONTENT), publicKey, signature)).toBe(true);
  });

  it('has one item for each key that is valid, so that receivers may know either', () => {
    const now = 1_000;
    const keys = [forEver(ANOTHER), { key: SECRET, until: now + 1 }];
    const [newer, older] = signed(keys, now)!.split(' ');
    expect(older).toBe(OF_SECRET);
    expect(newer).toBe(signed([forEver(ANOTHER)]));
    expect(signed(keys, now + 1), 'when the older has expired').toBe(newer);
  });

  it('is accepted by the official verifier under either key, and under no third', () => {
    const [id, body] = ['7d0f1c2a-9b3e-8f40-a1b2-000000000007', '{"ä":"€😀"}'];
    const sentAt = Date.now();
    const signature = signatureOf(
      signersFor([forEver(SECRET), forEver(ANOTHER)]),
      new SignedContent({ id, body, sentAt }),
      0,
    )!;
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(sentAt / 1_000)),
      'webhook-signature': signature,
    };
    for (const key of [SECRET, ANOTHER])
      expect(new Webhook(key).verify(body, headers)).toEqual(JSON.parse(body));
    const third = new Webhook(`whsec_${Buffer.alloc(24, 1).toString('base64')}`);
    expect(() => third.verify(body, headers)).toThrow('No matching signature');
  });
});

describe('a signing key', () => {
  it('comes from the environment where it is a template', () => {
    const signers = signersFor([forEver('{{KEY}}')], { KEY: `${SECRET}\n` });
    expect(signatureOf(signers, new SignedContent(LETTER), 0)).toBe(OF_SECRET);
    expect(() => signersFor([forEver('{{KEY}}')])).toThrow('needs the environment variable KEY');
  });

  it.each([
    ['of 23 bytes', `whsec_${Buffer.alloc(23).toString('base64')}`, 'has 23 bytes'],
    ['of 65 bytes', `whsec_${Buffer.alloc(65).toString('base64')}`, 'has 65 bytes'],
    ['that is empty', 'whsec_=', 'is not base64'],
    ['that is no base64', 'whsec_not-base64!', 'is not base64'],
    ['without a prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'begins with none of'],
    ['that is public', `whpk_${Buffer.alloc(32).toString('base64')}`, 'is a public one'],
    ['of ed25519 of 33 bytes', `whsk_${Buffer.alloc(33).toString('base64')}`, 'has 33 bytes'],
  ])('%s is refused with the reason, and not shown', (_, key, problem) => {
    const { code, message } = refusal(key);
    expect(code).toBe('ET_INVALID_SIGNING_KEY');
    expect(message).toContain(`Event trigger "x": the signing key ${problem}`);
    expect(message).not.toContain(key.replace(/^wh[a-z]+_/, ''));
  });
});
