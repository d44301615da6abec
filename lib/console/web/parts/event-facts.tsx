import type { JSX } from 'preact';
import type { EventOnPage } from '../answers.js';
import { reasonText } from '../remedies.js';
import { addressOf } from '../route.js';
import { CopyButton } from './copy-button.js';
import { Facts } from './facts.js';
import { Countdown, Moment } from './moment.js';

export function EventFacts({ event }: { event: EventOnPage }): JSX.Element {
  const { id, trigger, key, createdAt, nextAttemptAt, reason, attempts } = event;
  const { session_variables: session, trace_context: trace } = event.event;
  return (
    <Facts
      facts={[
        [
          'Event',
          <>
            <span class="mono">{id}</span>
            <CopyButton what="id" text={() => id} isCompact />
          </>,
        ],
        ['Trigger', <a href={addressOf(['triggers', trigger])}>{trigger}</a>],
        [
          'Key',
          key === null ? null : (
            <a class="mono" href={addressOf(['events'], { trigger, key })}>
              {key}
            </a>
          ),
        ],
        ['Changed', <Moment at={createdAt} />],
        ['Attempts', String(attempts)],
        ['Next attempt', nextAttemptAt && <Countdown to={nextAttemptAt} />],
        ['Given up', reason && `${reasonText(reason)} (${reason})`],
        ['Trace', trace && <span class="mono">{trace.trace_id}</span>],
        ['Session', session && <span class="mono">{JSON.stringify(session)}</span>],
      ]}
    />
  );
}
