import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { SignedContent } from '../../lib/pipeline/deliver/letter.js';
import { signatureOf, signersOf } from '../../lib/pipeline/deliver/signer.js';
import { parseSigningKey } from '../../lib/signing-key.js';
import { isSigned, type SignedRequest } from '../../lib/webhook/webhook-signature.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
const PRIVATE =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const PUBLIC = `whpk_${Buffer.from(PRIVATE.slice(5), 'base64').subarray(32).toString('base64')}`;
const [ID, NOW, TOLERANCE] = ['msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, 300];
const BODY = '{"test": 2432232314}';
const OF_VECTOR = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

const signature = (key: string, at = NOW): string =>
  signatureOf(
    signersOf([{ key, until: null }], 'test', {}),
    new SignedContent({ id: ID, body: BODY, sentAt: at }),
    at,
  )!;
const request = (more: Partial<SignedRequest> = {}): SignedRequest => ({
  id: ID,
  timestamp: String(NOW / 1_000),
  signature: OF_VECTOR,
  body: Buffer.from(BODY),
  ...more,
});
const accepts = (more: Partial<SignedRequest> = {}, keys = [SECRET]): boolean =>
  isSigned(
    request(more),
    keys.map((key) => parseSigningKey(key, 'key')),
    NOW,
    TOLERANCE,
  );
const at = (seconds: number): Partial<SignedRequest> => ({
  timestamp: String(NOW / 1_000 + seconds),
  signature: signature(SECRET, NOW + seconds * 1_000),
});

describe('a signed request', () => {
  it('is accepted as the published vector has it', () => {
    expect(accepts()).toBe(true);
  });

  it('is accepted as the official library signs it', () => {
    expect(accepts({ signature: new Webhook(SECRET).sign(ID, new Date(NOW), BODY) })).toBe(true);
  });

  it.each<[string, string[], string]>([
    ['the second of two keys', [OTHER, SECRET], OF_VECTOR],
    ['one signature of several', [SECRET], `${signature(OTHER)} v2,abc ${OF_VECTOR} v1,AAAA`],
    ['a private key', [PRIVATE], signature(PRIVATE)],
    ['its public key', [PUBLIC], signature(PRIVATE)],
    ['one kind of two', [PUBLIC, SECRET], OF_VECTOR],
  ])('is accepted by %s', (_, keys, given) => {
    expect(accepts({ signature: given }, keys)).toBe(true);
  });

  it.each<[string, Partial<SignedRequest>]>([
    ['without an id', { id: undefined }],
    ['without a timestamp', { timestamp: undefined }],
    ['without a signature', { signature: undefined }],
    ['with another id', { id: 'msg_other' }],
    ['with another body', { body: Buffer.from(`${BODY} `) }],
    ['with another time', { timestamp: String(NOW / 1_000 + 1) }],
    ['with a time that is no number', { timestamp: 'soon' }],
    ['with a time that is hexadecimal', { timestamp: '0x6037bd32' }],
    ['with a signature of another key', { signature: signature(OTHER) }],
    ['with an empty signature', { signature: '' }],
    ['with a version alone', { signature: 'v1,' }],
    ['with a part of a signature', { signature: OF_VECTOR.slice(0, 20) }],
    ['with its signature under another version', { signature: OF_VECTOR.replace('v1,', 'v1a,') }],
    [
      'with its signature behind too many others',
      { signature: `${'v1,AAAA '.repeat(16)}${OF_VECTOR}` },
    ],
  ])('is refused %s', (_, more) => {
    expect(accepts(more)).toBe(false);
    expect(accepts(more, [PUBLIC]), 'by a public key').toBe(false);
  });

  it.each([
    [-TOLERANCE, true],
    [TOLERANCE, true],
    [-TOLERANCE - 1, false],
    [TOLERANCE + 1, false],
  ])('that was sent %i seconds from here is accepted: %s', (seconds, accepted) => {
    expect(accepts(at(seconds))).toBe(accepted);
  });

  it('is refused where no key is known', () => {
    expect(accepts({}, [])).toBe(false);
  });
});
