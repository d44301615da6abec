import type { JSX } from 'preact';
import type { AttemptOnPage } from '../answers.js';
import { durationText } from '../elapsed.js';
import { remedyOf } from '../remedies.js';
import { Badge } from './badge.js';
import { Moment } from './moment.js';

const OUTCOMES = {
  delivered: ['good', 'check', 'Delivered'],
  retry: ['warning', 'resend', 'Failed, to be repeated'],
  dead: ['bad', 'cross', 'Failed, given up'],
} as const;

/** All attempts at one event, the newest first; that one is open. */
export function AttemptList({ attempts }: { attempts: readonly AttemptOnPage[] }): JSX.Element {
  return (
    <ol class="attempts">
      {attempts.toReversed().map((attempt, place) => (
        <li key={`${attempt.number}-${attempt.endedAt}`}>
          <details open={place === 0}>
            <summary>
              <span class="what">
                <strong>Attempt {attempt.number}</strong>
                <Badge
                  tone={OUTCOMES[attempt.outcome][0]}
                  icon={OUTCOMES[attempt.outcome][1]}
                  label={String(attempt.status ?? attempt.errorCode ?? 'Handled')}
                  title={OUTCOMES[attempt.outcome][2]}
                />
                <span class="muted">{durationText(attempt.duration)}</span>
              </span>
              <span class="muted">
                <Moment at={attempt.endedAt} />
              </span>
            </summary>
            <Answer attempt={attempt} />
          </details>
        </li>
      ))}
    </ol>
  );
}

function Answer({ attempt }: { attempt: AttemptOnPage }): JSX.Element {
  const { errorMessage, errorCode, responseHeaders, responseBody, number } = attempt;
  const remedy = remedyOf(errorCode);
  const headers = Object.entries(responseHeaders ?? {});
  return (
    <div class="answer-details">
      {errorMessage && (
        <p class="error-text">
          {errorMessage} <span class="code-of">{errorCode}</span>
        </p>
      )}
      {remedy && <p>{remedy}</p>}
      {responseBody && (
        <>
          <h3>Response body</h3>
          <pre tabIndex={0} role="region" aria-label={`Response body of attempt ${number}`}>
            {responseBody}
          </pre>
        </>
      )}
      {headers.length > 0 && (
        <>
          <h3>Response headers</h3>
          <dl class="headers">
            {headers.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{[value].flat().map(String).join(', ')}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {responseBody === '' && <p class="muted">The answer had no body.</p>}
    </div>
  );
}
