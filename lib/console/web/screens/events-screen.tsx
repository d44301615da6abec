import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { EventPage } from '../answers.js';
import { listEvents } from '../api.js';
import {
  eventFilterOf,
  eventQueryOf,
  eventsAddress,
  isFiltered,
  type EventFilterDraft,
} from '../event-filter-draft.js';
import { changes } from '../live.js';
import { useLoaded } from '../loaded.js';
import { Button } from '../parts/button.js';
import { EventFilterBar } from '../parts/event-filter-bar.js';
import { EventTable } from '../parts/event-table.js';
import { Empty, WhenLoaded } from '../parts/state-of-loading.js';

export function EventsScreen({ query }: { query: URLSearchParams }): JSX.Element {
  const filter = eventFilterOf(query);
  const [isHeld, setHeld] = useState(false);
  const isNewest = filter.after === '';
  const page = useLoaded(
    (signal) => listEvents(eventQueryOf(filter, Date.now()), signal),
    query.toString(),
    isNewest && !isHeld ? changes : null,
  );
  return (
    <>
      <div class="heading">
        <h1>Events</h1>
        {isNewest && (
          <Button
            icon={isHeld ? 'play' : 'pause'}
            onPress={() => setHeld(!isHeld)}
            title="Whether new events appear by themselves"
          >
            {isHeld ? 'Follow' : 'Hold'}
          </Button>
        )}
      </div>
      <EventFilterBar filter={filter} />
      <WhenLoaded loaded={page}>
        {(shown) => (
          <>
            {shown.events.length > 0 ? (
              <EventTable events={shown.events} />
            ) : (
              <NoEvents page={shown} filter={filter} />
            )}
            <Paging page={shown} filter={filter} />
          </>
        )}
      </WhenLoaded>
    </>
  );
}

function NoEvents({ page, filter }: { page: EventPage; filter: EventFilterDraft }): JSX.Element {
  if (page.next !== null)
    return (
      <Empty title="None among the events that were looked at">
        <p>A filter that few events match is followed back a part at a time.</p>
      </Empty>
    );
  if (filter.after !== '') return <Empty title="There are no older events" />;
  if (isFiltered(filter))
    return (
      <Empty title="No event matches">
        <p>
          <a href="#/events">Show all events</a>
        </p>
      </Empty>
    );
  return (
    <Empty title="No events yet">
      <p>They appear here as soon as a row changes in a table with a trigger.</p>
    </Empty>
  );
}

function Paging({ page, filter }: { page: EventPage; filter: EventFilterDraft }): JSX.Element {
  return (
    <nav class="paging" aria-label="Pages">
      {filter.after !== '' && <a href={eventsAddress({ ...filter, after: '' })}>Newest</a>}
      {page.next !== null && (
        <a rel="next" href={eventsAddress({ ...filter, after: page.next })}>
          {page.events.length > 0 ? 'Older' : 'Look further back'}
        </a>
      )}
    </nav>
  );
}
