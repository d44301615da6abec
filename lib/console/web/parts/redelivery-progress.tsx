import type { JSX } from 'preact';
import { eventsText, exactText } from '../counts.js';
import type { RedeliveryRun } from '../redelivery-run.js';
import { ProblemNotice } from './state-of-loading.js';

/** Where a redelivery of many events is. */
export function RedeliveryProgress({ run }: { run: RedeliveryRun }): JSX.Element {
  const phase = run.phase.value;
  const sent = run.redelivered.value;
  const expected = run.expected.value;
  return (
    <div class="progress" role="status">
      {phase === 'counting' && <p>Counting…</p>}
      {phase === 'counted' && (
        <p>
          {expected === 0 ? 'No event matches.' : `${eventsText(expected)} would be sent again.`}
        </p>
      )}
      {(phase === 'running' || phase === 'cancelled' || phase === 'done') && (
        <>
          <progress
            max={Math.max(expected, sent, 1)}
            value={phase === 'done' ? Math.max(expected, sent, 1) : sent}
            aria-label="Events handed over"
          />
          <p>
            {phase === 'running' && `${exactText(sent)} of ${exactText(expected)} handed over`}
            {phase === 'cancelled' && `Cancelled; ${eventsText(sent)} handed over and being sent`}
            {phase === 'done' && `Done; ${eventsText(sent)} handed over and being sent`}
          </p>
        </>
      )}
      {run.problem.value && <ProblemNotice problem={run.problem.value} />}
    </div>
  );
}
