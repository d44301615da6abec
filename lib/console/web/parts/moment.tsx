import type { JSX } from 'preact';
import { now } from '../clock.js';
import { countdownText, distanceText } from '../elapsed.js';
import { localText, utcText } from '../times.js';

/** A time as its distance from now, in the zone of the viewer behind it, and in UTC on hover. */
export function Ago({ at }: { at: string }): JSX.Element {
  return (
    <time dateTime={at} title={`${localText(at)}\n${utcText(at)}`}>
      {distanceText(Date.parse(at), now.value)}
    </time>
  );
}

/** A time in the zone of the viewer, in UTC on hover. */
export function Moment({ at }: { at: string }): JSX.Element {
  return (
    <time dateTime={at} title={utcText(at)}>
      {localText(at)}
    </time>
  );
}

/** How long it is until a time. */
export function Countdown({ to }: { to: string }): JSX.Element {
  return (
    <time dateTime={to} title={`${localText(to)}\n${utcText(to)}`}>
      {countdownText(Date.parse(to), now.value)}
    </time>
  );
}
