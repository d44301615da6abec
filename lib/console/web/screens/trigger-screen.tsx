import type { JSX } from 'preact';
import type { Trigger, TriggerStatistics } from '../answers.js';
import { getTrigger, listEvents, statistics } from '../api.js';
import { countText, errorRateText, rateText } from '../counts.js';
import { durationText } from '../elapsed.js';
import { eventsAddress } from '../event-filter-draft.js';
import { changesOfFigures } from '../live.js';
import { everyMinute } from '../every-minute.js';
import { useLoaded } from '../loaded.js';
import { AttemptsChart } from '../parts/attempts-chart.js';
import { HealthBadge } from '../parts/badge.js';
import { EventTable } from '../parts/event-table.js';
import { Facts } from '../parts/facts.js';
import { JsonView } from '../parts/json-view.js';
import { Ago, Moment } from '../parts/moment.js';
import { OwedCount } from '../parts/owed-counts.js';
import { Empty, WhenLoaded } from '../parts/state-of-loading.js';
import { TriggerActions } from '../parts/trigger-actions.js';
import { healthOf } from '../trigger-health.js';

const MINUTES = 60;
const RECENT = 10;

export function TriggerScreen({ name }: { name: string }): JSX.Element {
  const loaded = useLoaded((signal) => getTrigger(name, signal), name);
  return (
    <>
      <p class="back">
        <a href="#/triggers">Triggers</a>
      </p>
      <WhenLoaded loaded={loaded}>
        {(trigger) => (
          <>
            <div class="heading">
              <h1>{trigger.name}</h1>
              <HealthBadge health={healthOf(trigger)} />
              <TriggerActions trigger={trigger} reload={loaded.reload} />
            </div>
            <TriggerFacts trigger={trigger} />
            <LastHour name={name} />
            <RecentEvents name={name} />
            <DefinitionOf trigger={trigger} />
          </>
        )}
      </WhenLoaded>
    </>
  );
}

function TriggerFacts({ trigger }: { trigger: Trigger }): JSX.Element {
  const { table, operations, webhook, made, oldestWaiting } = trigger;
  const health = healthOf(trigger);
  return (
    <Facts
      facts={[
        [
          'Health',
          <>
            {health.reason}
            {health.since && (
              <>
                {', since '}
                <Moment at={health.since} />
              </>
            )}
          </>,
        ],
        ['Table', <span class="mono">{`${table.schema}.${table.name}`}</span>],
        ['Operations', operations.join(', ')],
        [
          'Goes to',
          webhook === null ? (
            'a method of the application'
          ) : (
            <span class="mono wrap">{webhook}</span>
          ),
        ],
        ['Defined', made === null ? 'in the code of the application' : 'at run time'],
        ['Oldest waiting', oldestWaiting ? <Ago at={oldestWaiting} /> : 'none'],
        [
          'Not delivered',
          <>
            <OwedCount trigger={trigger} state="retrying" /> retrying,{' '}
            <OwedCount trigger={trigger} state="parked" /> parked,{' '}
            <OwedCount trigger={trigger} state="dead" /> dead
          </>,
        ],
      ]}
    />
  );
}

function LastHour({ name }: { name: string }): JSX.Element {
  const loaded = useLoaded((signal) => statistics(MINUTES, signal), name, changesOfFigures);
  return (
    <section aria-labelledby="last-hour">
      <h2 id="last-hour">Last hour</h2>
      <WhenLoaded loaded={loaded}>
        {({ triggers }) => <Figures figures={triggers[name]} />}
      </WhenLoaded>
    </section>
  );
}

function Figures({ figures }: { figures: TriggerStatistics | undefined }): JSX.Element {
  if (figures === undefined || figures.attempts === 0)
    return <p class="muted">No attempt was made in the last hour.</p>;
  const { attempts, failed, p95, buckets } = figures;
  return (
    <>
      <dl class="figures">
        <Figure name="Attempts" value={countText(attempts)} />
        <Figure name="Rate" value={rateText(attempts, MINUTES)} />
        <Figure name="Errors" value={errorRateText(failed, attempts) ?? '–'} />
        <Figure name="p95" value={p95 === null ? '–' : durationText(p95)} />
      </dl>
      <AttemptsChart buckets={everyMinute(buckets, MINUTES, Date.now())} />
      <p class="legend">
        <span class="delivered">Delivered</span> <span class="failed">Failed</span>
      </p>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function RecentEvents({ name }: { name: string }): JSX.Element {
  const query = new URLSearchParams({ trigger: name, limit: String(RECENT) });
  const loaded = useLoaded((signal) => listEvents(query, signal), name);
  return (
    <section aria-labelledby="recent">
      <h2 id="recent">Newest events</h2>
      <WhenLoaded loaded={loaded}>
        {({ events }) =>
          events.length === 0 ? (
            <Empty title="No events yet" />
          ) : (
            <>
              <EventTable events={events} withTrigger={false} />
              <p>
                <a href={eventsAddress({ trigger: name })}>All events of this trigger</a>
              </p>
            </>
          )
        }
      </WhenLoaded>
    </section>
  );
}

function DefinitionOf({ trigger: { made } }: { trigger: Trigger }): JSX.Element {
  return (
    <section aria-labelledby="definition">
      <h2 id="definition">Definition</h2>
      {made === null ? (
        <p class="muted">
          It stands in the code of the application, which has the last word at each start: it can be
          paused, resumed and purged here, but changed only there.
        </p>
      ) : (
        <JsonView value={made} label="Definition as JSON" />
      )}
    </section>
  );
}
