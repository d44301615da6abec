import type { CapturedEvent, EventNumber } from '../event.js';
import { millisecondsOf } from './created-at.js';

/** The wire id is made of these parts, most significant first; with version and variant they fill 128 bits. */
const installationBits = 36;
const millisecondBits = 34;
const numberBits = 52;

/** How many installations can be told apart; an installation is a number from 0 to one less. */
export const installations = 2 ** installationBits;

const milliseconds = 2 ** millisecondBits;
const numbers = 2 ** numberBits;

/** Every part of the layout is cut into pieces of three hexadecimal digits, so that no piece needs padding. */
const piece = 2 ** 12;
const twoPieces = piece ** 2;
const hexOf: readonly string[] = Array.from({ length: piece }, (_, value) =>
  value.toString(16).padStart(3, '0'),
);

/** The low bits of the time that share a group of the UUID with the variant. */
const millisecondsBesideVariant = 2 ** 10;
const version = '8';
const variant = 0b10 * millisecondsBesideVariant;

/**
 * The id that receivers see: a UUID of version 8 (RFC 9562 §5.8), the same for every attempt at an event.
 *
 * It holds the installation, the millisecond of the capture (modulo 2^34, about 199 days) and the event's number.
 * The time is in it because a sequence issues numbers again after a crash with asynchronous commit, a failover or a
 * restore: without it a receiver that remembers ids would drop a real event as a repetition.
 *
 * @param installation random 36 bits of this database's event log
 * @throws RangeError when a part does not fit its bits
 */
export function eventId(
  installation: number,
  event: Pick<CapturedEvent, 'number' | 'createdAt'>,
): string {
  const number = Number(event.number);
  const time = millisecondsOf(event.createdAt) % milliseconds;
  if (!(fits(installation, installations) && fits(time, milliseconds) && fits(number, numbers))) {
    throw new RangeError(
      `Event ${event.number} of ${event.createdAt} in installation ${installation} has no UUID: a part is out of range`,
    );
  }
  const installationHigh = Math.floor(installation / piece);
  const timeHigh = Math.floor(time / millisecondsBesideVariant);
  const numberHigh = Math.floor(number / twoPieces);
  const numberLow = number % twoPieces;
  const nineDigits =
    threeDigits(installationHigh >> 12) +
    threeDigits(installationHigh) +
    threeDigits(installation % piece);
  return (
    `${nineDigits.slice(0, 8)}-${nineDigits.charAt(8)}${threeDigits(timeHigh >> 12)}` +
    `-${version}${threeDigits(timeHigh)}` +
    `-${threeDigits(variant + (time % millisecondsBesideVariant))}${(numberHigh >> 24).toString(16)}` +
    `-${threeDigits(numberHigh >> 12)}${threeDigits(numberHigh)}${threeDigits(numberLow >> 12)}${threeDigits(numberLow)}`
  );
}

function fits(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limit;
}

/** The lowest twelve bits. */
function threeDigits(value: number): string {
  return hexOf[value & (piece - 1)] ?? '';
}

const eventIdForm =
  /^([0-9a-f]{8})-([0-9a-f])([0-9a-f]{3})-8([0-9a-f]{3})-([89ab][0-9a-f]{2})([0-9a-f])-([0-9a-f]{12})$/i;

/** What an event's id says about where the event stands. */
export interface EventReference {
  readonly installation: number;
  readonly number: EventNumber;
  /** The millisecond of the capture, modulo 2^34. */
  readonly millisecond: number;
}

/** The installation and the number an event's id was made of; null for a text that is no such id. */
export function eventNumberOf(id: string): EventReference | null {
  const parts = eventIdForm.exec(id);
  if (parts === null) return null;
  const [, installationHigh = '', installationLow = '', ...rest] = parts;
  const [timeHigh = '', timeMiddle = '', timeLow = '', numberHigh = '', numberLow = ''] = rest;
  const high = Number.parseInt(timeHigh + timeMiddle, 16);
  const low = Number.parseInt(timeLow, 16) % millisecondsBesideVariant;
  return {
    installation: Number.parseInt(installationHigh + installationLow, 16),
    number: String(Number.parseInt(numberHigh + numberLow, 16)) as EventNumber,
    millisecond: high * millisecondsBesideVariant + low,
  };
}
