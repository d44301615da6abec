import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { route } from '../navigation.js';
import type { Route } from '../route.js';
import { DeadLettersScreen } from '../screens/dead-letters-screen.js';
import { EditTriggerScreen, NewTriggerScreen } from '../screens/trigger-form-screen.js';
import { EventScreen } from '../screens/event-screen.js';
import { EventsScreen } from '../screens/events-screen.js';
import { ReplayScreen } from '../screens/replay-screen.js';
import { TriggerScreen } from '../screens/trigger-screen.js';
import { TriggersScreen } from '../screens/triggers-screen.js';
import { HelpDialog } from './help-dialog.js';
import { NoticeBar } from './notice-bar.js';
import { Empty } from './state-of-loading.js';
import { TopBar } from './top-bar.js';

export function ConsolePage(): JSX.Element {
  const shown = route.value;
  const title = titleOf(shown);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · Event triggers`;
    // Whoever does not see the screen change is led to its content.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [title]);
  return (
    <>
      <TopBar />
      <main ref={main} tabIndex={-1}>
        <Screen shown={shown} />
      </main>
      <NoticeBar />
      <HelpDialog />
    </>
  );
}

function Screen({ shown }: { shown: Route }): JSX.Element {
  switch (shown.screen) {
    case 'triggers':
      return <TriggersScreen />;
    case 'new-trigger':
      return <NewTriggerScreen table={shown.query.get('table')} />;
    case 'trigger':
      return <TriggerScreen key={shown.name} name={shown.name} />;
    case 'edit-trigger':
      return <EditTriggerScreen key={shown.name} name={shown.name} />;
    case 'events':
      return <EventsScreen query={shown.query} />;
    case 'event':
      return <EventScreen key={shown.id} id={shown.id} />;
    case 'dead-letters':
      return <DeadLettersScreen />;
    case 'replay':
      return <ReplayScreen query={shown.query} />;
    case 'unknown':
      return (
        <Empty title="There is no such screen">
          <p>
            <a href="#/triggers">Go to the triggers</a>
          </p>
        </Empty>
      );
  }
}

function titleOf(shown: Route): string {
  switch (shown.screen) {
    case 'trigger':
    case 'edit-trigger':
      return shown.name;
    case 'event':
      return `Event ${shown.id.slice(0, 8)}`;
    case 'new-trigger':
      return 'New trigger';
    case 'triggers':
      return 'Triggers';
    case 'events':
      return 'Events';
    case 'dead-letters':
      return 'Dead letters';
    case 'replay':
      return 'Replay';
    case 'unknown':
      return 'Not found';
  }
}
