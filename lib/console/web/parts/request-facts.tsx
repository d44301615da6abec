import type { JSX } from 'preact';
import type { EventOnPage } from '../answers.js';
import { JsonView } from './json-view.js';

/** What the last attempt sent, or what the first one is going to send. */
export function RequestFacts({ request }: Pick<EventOnPage, 'request'>): JSX.Element {
  if (request === null)
    return <p class="muted">A method of the application handles it; no request is made.</p>;
  const { url, headers, body } = request;
  return (
    <>
      <details class="payload">
        <summary>Request body</summary>
        <JsonView value={JSON.parse(body)} label="Request body" />
      </details>
      <details class="payload">
        <summary>Request</summary>
        <p class="mono wrap">POST {url}</p>
        <dl class="headers">
          {headers.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value ?? <span class="muted">not shown</span>}</dd>
            </div>
          ))}
        </dl>
        <p class="muted">
          As the trigger is defined now. Secrets, signatures and the time of an attempt are not
          shown.
        </p>
      </details>
    </>
  );
}
