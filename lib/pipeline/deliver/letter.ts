import { HMAC_BLOCK_BYTES } from './hmac-sha256.js';

/** One request before it is sent. */
export interface Letter {
  readonly id: string;
  readonly body: string;
  /** When this attempt is made, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** The time of the attempt as it is sent and signed: whole seconds since 1970. */
export const timestampOf = ({ sentAt }: Letter): string => String(Math.floor(sentAt / 1_000));

/**
 * What a signature covers, in UTF-8: id, time of the attempt and body (Standard Webhooks 1.0.0).
 *
 * In one buffer, whose end goes out as the body: a text is put into bytes once for signing and sending.
 */
export class SignedContent {
  /** With room for the key of an HMAC before it. */
  readonly padded: Buffer;
  private readonly bodyStart: number;

  constructor(letter: Letter) {
    const { id, body } = letter;
    const before = `${id}.${timestampOf(letter)}.`;
    this.bodyStart = HMAC_BLOCK_BYTES + Buffer.byteLength(before);
    this.padded = Buffer.allocUnsafe(this.bodyStart + Buffer.byteLength(body));
    this.padded.write(before, HMAC_BLOCK_BYTES, 'utf8');
    this.padded.write(body, this.bodyStart, 'utf8');
  }

  get bytes(): Buffer {
    return this.padded.subarray(HMAC_BLOCK_BYTES);
  }

  get body(): Buffer {
    return this.padded.subarray(this.bodyStart);
  }
}
