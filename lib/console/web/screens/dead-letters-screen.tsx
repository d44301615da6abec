import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeadLetterGroup, DeadLetterGroups, Redelivery } from '../answers.js';
import { deadLetters } from '../api.js';
import { exactText } from '../counts.js';
import { useLoaded } from '../loaded.js';
import { Button } from '../parts/button.js';
import { Ago } from '../parts/moment.js';
import { RedeliverDialog } from '../parts/redeliver-dialog.js';
import { Empty, WhenLoaded } from '../parts/state-of-loading.js';
import { reasonText, remedyOf } from '../remedies.js';
import { addressOf } from '../route.js';

interface Open {
  readonly title: string;
  readonly filter: Redelivery;
}

export function DeadLettersScreen(): JSX.Element {
  const loaded = useLoaded(deadLetters, 'dead-letters');
  const [open, setOpen] = useState<Open | null>(null);
  const hasSome = (loaded.value?.groups.length ?? 0) > 0;
  return (
    <>
      <div class="heading">
        <h1>Dead letters</h1>
        {hasSome && (
          <Button
            icon="resend"
            onPress={() => setOpen({ title: 'Redeliver all dead letters', filter: {} })}
          >
            Redeliver all
          </Button>
        )}
      </div>
      <WhenLoaded loaded={loaded}>{(shown) => <Groups shown={shown} open={setOpen} />}</WhenLoaded>
      {open && (
        <RedeliverDialog
          {...open}
          onClose={() => {
            setOpen(null);
            loaded.reload();
          }}
        />
      )}
    </>
  );
}

function Groups({
  shown,
  open,
}: {
  shown: DeadLetterGroups;
  open: (dialog: Open) => void;
}): JSX.Element {
  if (shown.groups.length === 0)
    return (
      <Empty title="No dead letters">
        <p>Events that were given up are kept here until they are delivered again.</p>
      </Empty>
    );
  return (
    <>
      <table class="list">
        <thead>
          <tr>
            <th>Trigger</th>
            <th class="wide">Why</th>
            <th class="number">Events</th>
            <th class="wide number">Oldest</th>
            <th class="wide number">Newest</th>
            <th>
              <span class="unseen">Redeliver</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.groups.map((group) => (
            <GroupRow
              key={`${group.trigger} ${group.reason} ${group.errorCode} ${group.errorMessage}`}
              group={group}
              open={open}
            />
          ))}
        </tbody>
      </table>
      {!shown.isComplete && (
        <p class="muted">There are more dead letters than were looked at for this list.</p>
      )}
    </>
  );
}

function GroupRow({
  group,
  open,
}: {
  group: DeadLetterGroup;
  open: (dialog: Open) => void;
}): JSX.Element {
  const { trigger, reason, errorCode, errorMessage, count, oldest, newest } = group;
  const remedy = remedyOf(errorCode);
  return (
    <tr>
      <td class="name">
        <a href={addressOf(['events'], { trigger, state: 'dead' })}>{trigger}</a>
        <div class="under" title={reasonText(reason)}>
          {reason}
        </div>
        <div class="narrow">{errorMessage ?? reasonText(reason)}</div>
      </td>
      <td class="wide why">
        <div>{errorMessage ?? reasonText(reason)}</div>
        {errorCode && <span class="code-of">{errorCode}</span>}
        {remedy && <div class="under">{remedy}</div>}
      </td>
      <td class="number">{exactText(count)}</td>
      <td class="wide number">
        <Ago at={oldest} />
      </td>
      <td class="wide number">
        <Ago at={newest} />
      </td>
      <td class="does">
        <Button
          icon="resend"
          title={`All dead letters of ${trigger} with this reason and error`}
          onPress={() =>
            open({
              title: `Redeliver dead letters of ${trigger} (${errorCode ?? reason})`,
              filter: { trigger, reason, ...(errorCode !== null && { errorCode }) },
            })
          }
        >
          Redeliver
        </Button>
      </td>
    </tr>
  );
}
