import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Redelivery, Trigger } from '../answers.js';
import { listTriggers } from '../api.js';
import { exactText } from '../counts.js';
import { useLoaded } from '../loaded.js';
import { Button } from '../parts/button.js';
import { Field } from '../parts/field.js';
import { PaceField, paceOf } from '../parts/pace-field.js';
import { RedeliveryProgress } from '../parts/redelivery-progress.js';
import { Empty, WhenLoaded } from '../parts/state-of-loading.js';
import { TimeRange, type Range } from '../parts/time-range.js';
import { RedeliveryRun } from '../redelivery-run.js';

const HOUR = 3_600_000;

export function ReplayScreen({ query }: { query: URLSearchParams }): JSX.Element {
  const triggers = useLoaded(listTriggers, 'names', null);
  return (
    <>
      <div class="heading">
        <h1>Replay</h1>
      </div>
      <p class="lead">
        Sends events again that a receiver has had, for example after it lost data. They keep their
        ids and say that they are redelivered.
      </p>
      <WhenLoaded loaded={triggers}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No triggers yet" />
          ) : (
            <ReplayForm triggers={all} chosen={query.get('trigger') ?? ''} />
          )
        }
      </WhenLoaded>
    </>
  );
}

interface FormProps {
  readonly triggers: readonly Trigger[];
  readonly chosen: string;
}

function ReplayForm({ triggers, chosen }: FormProps): JSX.Element {
  const run = useMemo(() => new RedeliveryRun(), []);
  const [trigger, setTrigger] = useState(chosen);
  const [range, setRange] = useState<Range>(() => ({
    from: new Date(Date.now() - HOUR).toISOString(),
    to: '',
  }));
  const [key, setKey] = useState('');
  const [pace, setPace] = useState('');
  useEffect(() => () => run.cancel(), []);
  const filter: Redelivery = {
    trigger,
    state: 'delivered',
    ...(range.from === '' ? {} : { from: range.from }),
    ...(range.to === '' ? {} : { to: range.to }),
    ...(key.trim() === '' ? {} : { key: key.trim() }),
  };
  // What was counted for another filter must not be what is confirmed.
  const changed =
    <Value,>(set: (value: Value) => void) =>
    (value: Value): void => {
      run.reset();
      set(value);
    };
  const isRunning = run.phase.value === 'running';
  return (
    <>
      <fieldset class="filter" disabled={isRunning}>
        <legend class="unseen">What to send again</legend>
        <Field label="Trigger">
          <select
            data-filter
            value={trigger}
            onChange={({ currentTarget }) => changed(setTrigger)(currentTarget.value)}
          >
            <option value="">Choose…</option>
            {triggers.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </Field>
        <TimeRange range={range} onChange={changed(setRange)} />
        <Field label="Key">
          <input
            type="search"
            placeholder="any"
            autocomplete="off"
            value={key}
            onInput={({ currentTarget }) => changed(setKey)(currentTarget.value)}
          />
        </Field>
        <PaceField value={pace} onChange={setPace} />
      </fieldset>
      <RedeliveryProgress run={run} />
      <ReplayActions
        run={run}
        canCount={trigger !== ''}
        count={() => run.count(filter)}
        start={() => run.start({ ...filter, ...paceOf(pace) })}
      />
    </>
  );
}

interface ActionsProps {
  readonly run: RedeliveryRun;
  readonly canCount: boolean;
  readonly count: () => Promise<void>;
  readonly start: () => Promise<void>;
}

function ReplayActions({ run, canCount, count, start }: ActionsProps): JSX.Element {
  const phase = run.phase.value;
  const expected = run.expected.value;
  if (phase === 'running')
    return (
      <div class="actions start">
        <Button icon="close" onPress={() => run.cancel()}>
          Stop
        </Button>
      </div>
    );
  return (
    <div class="actions start">
      <Button icon="check" isDisabled={!canCount} onPress={count}>
        Count
      </Button>
      {phase === 'counted' && expected > 0 && (
        <Button look="primary" icon="resend" onPress={() => void start()}>
          {`Replay ${exactText(expected)}`}
        </Button>
      )}
    </div>
  );
}
