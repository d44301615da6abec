import type { JSX } from 'preact';
import type { EventOnPage } from '../answers.js';
import { cancelEvent, getEvent, redeliverEvent } from '../api.js';
import { curlCommand } from '../curl.js';
import { useLoaded } from '../loaded.js';
import { act } from '../notices.js';
import { AttemptList } from '../parts/attempt-list.js';
import { StateBadge } from '../parts/badge.js';
import { Button } from '../parts/button.js';
import { CopyButton } from '../parts/copy-button.js';
import { DiffView } from '../parts/diff-view.js';
import { EventFacts } from '../parts/event-facts.js';
import { JsonView } from '../parts/json-view.js';
import { RequestFacts } from '../parts/request-facts.js';
import { WhenLoaded } from '../parts/state-of-loading.js';

export function EventScreen({ id }: { id: string }): JSX.Element {
  const loaded = useLoaded((signal) => getEvent(id, signal), id);
  return (
    <>
      <p class="back">
        <a href="#/events">Events</a>
      </p>
      <WhenLoaded loaded={loaded}>
        {(event) => <EventOverview event={event} reload={loaded.reload} />}
      </WhenLoaded>
    </>
  );
}

interface OverviewProps {
  readonly event: EventOnPage;
  readonly reload: () => void;
}

function EventOverview({ event, reload }: OverviewProps): JSX.Element {
  const { request } = event;
  return (
    <>
      <div class="heading">
        <h1>
          {event.operation} <span class="muted">of</span> {event.key ?? event.trigger}
        </h1>
        <StateBadge state={event.state} />
        <div class="actions">
          {request !== null && <CopyButton what="as curl" text={() => curlCommand(request)} />}
          <EventActions event={event} reload={reload} />
        </div>
      </div>
      <EventFacts event={event} />
      <div class="columns">
        <section aria-labelledby="change">
          <h2 id="change">Change</h2>
          <Change event={event} />
          <RequestFacts request={request} />
        </section>
        <section aria-labelledby="attempts">
          <h2 id="attempts">Attempts</h2>
          {event.history.length > 0 ? (
            <AttemptList attempts={event.history} />
          ) : (
            <p class="muted">
              {event.attempts > 0
                ? 'The attempts are older than the log keeps them.'
                : 'None was made yet.'}
            </p>
          )}
        </section>
      </div>
    </>
  );
}

function Change({ event: { event } }: { event: EventOnPage }): JSX.Element {
  const { old, new: after } = event.data;
  if (old === null && after === null) return <p>The whole table was emptied.</p>;
  if (event.op === 'MANUAL') return <JsonView value={after} label="Payload" />;
  return <DiffView before={old} after={after} />;
}

const CANCELS: Readonly<Record<string, string>> = {
  cancelled: 'The event was cancelled',
  'in-flight': 'The event is being sent at this moment; try again when that has ended',
  delivered: 'The event was delivered already',
};

const OPEN_STATES = ['waiting', 'in-flight', 'retrying', 'parked'];

function EventActions({ event: { id, state }, reload }: OverviewProps): JSX.Element {
  const redeliver = async (): Promise<void> => {
    await act(async () => {
      await redeliverEvent(id);
      return state === 'retrying' ? 'The next attempt is due now' : 'The event is sent again';
    });
    reload();
  };
  const cancel = async (): Promise<void> => {
    await act(async () => CANCELS[(await cancelEvent(id)).state] ?? 'Done');
    reload();
  };
  return (
    <>
      {(OPEN_STATES.includes(state) || state === 'dead') && (
        <Button icon="close" onPress={cancel}>
          Cancel event
        </Button>
      )}
      {state !== 'waiting' && state !== 'in-flight' && (
        <Button icon="resend" look="primary" onPress={redeliver}>
          {state === 'retrying' ? 'Attempt now' : 'Redeliver'}
        </Button>
      )}
    </>
  );
}
