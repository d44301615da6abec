import type { JSX } from 'preact';
import type { ListedEvent } from '../answers.js';
import { durationText } from '../elapsed.js';
import { addressOf } from '../route.js';
import { leadTo } from '../row-lead.js';
import { StateBadge } from './badge.js';
import { Ago, Countdown } from './moment.js';

/** Events, the newest first; each row leads to its event. */
export function EventTable({
  events,
  withTrigger = true,
}: {
  events: readonly ListedEvent[];
  withTrigger?: boolean;
}): JSX.Element {
  return (
    <table class="list">
      <thead>
        <tr>
          <th>State</th>
          <th>{withTrigger ? 'Trigger and key' : 'Key'}</th>
          <th class="wide">Operation</th>
          <th class="wide">Last answer</th>
          <th class="wide number">Attempts</th>
          <th class="wide">Event</th>
          <th class="number">Changed</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <EventRow key={event.id} event={event} withTrigger={withTrigger} />
        ))}
      </tbody>
    </table>
  );
}

function EventRow({
  event,
  withTrigger,
}: {
  event: ListedEvent;
  withTrigger: boolean;
}): JSX.Element {
  const address = addressOf(['events', event.id]);
  const key = event.key === null ? null : <span class="mono key">{event.key}</span>;
  return (
    <tr class="leads" onClick={leadTo(address)}>
      <td>
        <StateBadge state={event.state} />
        {event.nextAttemptAt && (
          <div class="under">
            <Countdown to={event.nextAttemptAt} />
          </div>
        )}
      </td>
      <td class="name">
        <a href={address}>{withTrigger ? event.trigger : (key ?? 'No key')}</a>
        {withTrigger && key && <div class="under">{key}</div>}
        <div class="under narrow">{event.operation}</div>
      </td>
      <td class="wide mono">{event.operation}</td>
      <td class="wide">
        <LastAnswer event={event} />
      </td>
      <td class="wide number">{event.attempts}</td>
      <td class="wide mono muted" title={event.id}>
        {event.id.slice(-12)}
      </td>
      <td class="number">
        <Ago at={event.createdAt} />
      </td>
    </tr>
  );
}

function LastAnswer({ event }: { event: ListedEvent }): JSX.Element {
  const last = event.lastAttempt;
  if (last === null) return <span class="muted">–</span>;
  const tone = last.outcome === 'delivered' ? 'good' : 'bad';
  return (
    <span title={last.errorMessage ?? undefined}>
      <span class={`answer ${tone}`}>{last.status ?? last.errorCode ?? 'Handled'}</span>{' '}
      <span class="muted">{durationText(last.duration)}</span>
    </span>
  );
}
