import type { JSX } from 'preact';
import type { Statistics, Trigger, TriggerStatistics } from '../answers.js';
import { listTriggers, statistics, switchTrigger } from '../api.js';
import { errorRateText, rateText } from '../counts.js';
import { durationText } from '../elapsed.js';
import { changesOfFigures } from '../live.js';
import { everyMinute } from '../every-minute.js';
import { useLoaded } from '../loaded.js';
import { act } from '../notices.js';
import { HealthBadge } from '../parts/badge.js';
import { Button } from '../parts/button.js';
import { Ago } from '../parts/moment.js';
import { OwedCount } from '../parts/owed-counts.js';
import { Sparkline } from '../parts/sparkline.js';
import { Empty, ProblemNotice, WhenLoaded } from '../parts/state-of-loading.js';
import { TriggerFilter, triggerFilter } from '../parts/trigger-filter.js';
import { addressOf } from '../route.js';
import { leadTo } from '../row-lead.js';
import { healthOf } from '../trigger-health.js';

const MINUTES = 60;

export function TriggersScreen(): JSX.Element {
  const triggers = useLoaded(listTriggers, 'triggers');
  const figures = useLoaded(
    (signal) => statistics(MINUTES, signal),
    'statistics',
    changesOfFigures,
  );
  return (
    <>
      <div class="heading">
        <h1>Triggers</h1>
        <TriggerFilter />
        <a class="button primary" href="#/triggers/new">
          New trigger
        </a>
      </div>
      {figures.problem && !triggers.problem && (
        <ProblemNotice problem={figures.problem} onRetry={figures.reload} />
      )}
      <WhenLoaded loaded={triggers}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No triggers yet">
              <p>Define one in the code with @EventTrigger, or make one here.</p>
            </Empty>
          ) : (
            <TriggerTable
              triggers={all.filter(({ name, table }) =>
                `${name} ${table.schema}.${table.name}`
                  .toLowerCase()
                  .includes(triggerFilter.value.trim().toLowerCase()),
              )}
              figures={figures.value}
              reload={triggers.reload}
            />
          )
        }
      </WhenLoaded>
    </>
  );
}

interface TableProps {
  readonly triggers: readonly Trigger[];
  readonly figures: Statistics | null;
  readonly reload: () => void;
}

function TriggerTable({ triggers, figures, reload }: TableProps): JSX.Element {
  if (triggers.length === 0) return <Empty title="No trigger matches" />;
  return (
    <table class="list triggers">
      <thead>
        <tr>
          <th>Health</th>
          <th>Trigger</th>
          <th class="wide number">Rate</th>
          <th class="wide number">Errors</th>
          <th class="widest number">p95</th>
          <th class="wide">Last hour</th>
          <th class="wide number">Oldest waiting</th>
          <th class="wide number">Retrying</th>
          <th class="widest number">Parked</th>
          <th class="number">Dead</th>
          <th>
            <span class="unseen">Delivery</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {triggers.map((trigger) => (
          <TriggerRow
            key={trigger.name}
            trigger={trigger}
            figures={figures?.triggers[trigger.name]}
            reload={reload}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly trigger: Trigger;
  readonly figures: TriggerStatistics | undefined;
  readonly reload: () => void;
}

function TriggerRow({ trigger, figures, reload }: RowProps): JSX.Element {
  const { attempts, failed, p95, buckets } = figures ?? NO_FIGURES;
  const address = addressOf(['triggers', trigger.name]);
  const errors = errorRateText(failed, attempts);
  return (
    <tr class="leads" onClick={leadTo(address)}>
      <td>
        <HealthBadge health={healthOf(trigger)} />
      </td>
      <td class="name">
        <a href={address}>{trigger.name}</a>
        <div class="under">
          <span class="mono">
            {trigger.table.schema === 'public' ? '' : `${trigger.table.schema}.`}
            {trigger.table.name}
          </span>{' '}
          {trigger.operations.join(', ')}
        </div>
      </td>
      <td class="wide number">{rateText(attempts, MINUTES)}</td>
      <td class={`wide number${failed > 0 ? ' bad-number' : ''}`}>
        {errors ?? <span class="muted">–</span>}
      </td>
      <td class="widest number">
        {p95 === null ? <span class="muted">–</span> : durationText(p95)}
      </td>
      <td class="wide">
        <Sparkline buckets={everyMinute(buckets, MINUTES, Date.now())} />
      </td>
      <td class="wide number">
        {trigger.oldestWaiting ? (
          <Ago at={trigger.oldestWaiting} />
        ) : (
          <span class="muted">none</span>
        )}
      </td>
      <td class="wide number">
        <OwedCount trigger={trigger} state="retrying" />
      </td>
      <td class="widest number">
        <OwedCount trigger={trigger} state="parked" />
      </td>
      <td class="number">
        <OwedCount trigger={trigger} state="dead" />
      </td>
      <td class="does">
        <PauseButton trigger={trigger} reload={reload} />
      </td>
    </tr>
  );
}

const NO_FIGURES: TriggerStatistics = { attempts: 0, failed: 0, p95: null, buckets: [] };

function PauseButton({ trigger, reload }: Omit<RowProps, 'figures'>): JSX.Element | null {
  const { name, deliveryPaused, removedAt } = trigger;
  if (removedAt !== null) return null;
  const isPaused = deliveryPaused !== null;
  const press = async (): Promise<void> => {
    await act(async () => {
      await switchTrigger(name, isPaused ? 'resume' : 'pause');
      return isPaused ? `${name} is delivered again` : `${name} is paused; its changes wait`;
    });
    reload();
  };
  return (
    <Button look="quiet" icon={isPaused ? 'play' : 'pause'} isCompact onPress={press}>
      {isPaused ? `Resume ${name}` : `Pause ${name}`}
    </Button>
  );
}
