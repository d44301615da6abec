import type { JSX } from 'preact';
import type { Trigger } from '../answers.js';
import type { CurlRequest } from '../curl.js';

/** What is sent with each attempt. */
export function RequestFacts({
  request,
  trigger,
}: {
  request: CurlRequest;
  trigger: Trigger | null;
}): JSX.Element {
  if (trigger !== null && trigger.webhook === null)
    return <p class="muted">A method of the application handles it; no request is made.</p>;
  return (
    <details class="payload">
      <summary>Request</summary>
      <p class="mono wrap">POST {trigger?.webhook ?? 'to a trigger that is gone'}</p>
      <dl class="headers">
        {request.headers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value.startsWith('$') ? <span class="muted">not shown</span> : value}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">
        As the default format has it; secrets, signatures and time stamps of an attempt are not
        kept.
      </p>
    </details>
  );
}
