import type { JSX } from 'preact';
import { createTrigger, getTrigger, updateTrigger } from '../api.js';
import { useLoaded } from '../loaded.js';
import { TriggerForm } from '../parts/trigger-form.js';
import { Empty, WhenLoaded } from '../parts/state-of-loading.js';
import { addressOf } from '../route.js';
import { changesOf, triggerDraft } from '../trigger-draft.js';

export function NewTriggerScreen({ table }: { table: string | null }): JSX.Element {
  return (
    <>
      <p class="back">
        <a href="#/triggers">Triggers</a>
      </p>
      <h1>New trigger</h1>
      <TriggerForm
        draft={{ ...triggerDraft(), table: table ?? '' }}
        saveLabel="Create trigger"
        save={createTrigger}
      />
    </>
  );
}

export function EditTriggerScreen({ name }: { name: string }): JSX.Element {
  // What somebody writes must not be replaced under their hands.
  const loaded = useLoaded((signal) => getTrigger(name, signal), name, null);
  return (
    <>
      <p class="back">
        <a href={addressOf(['triggers', name])}>{name}</a>
      </p>
      <h1>Edit {name}</h1>
      <WhenLoaded loaded={loaded}>
        {({ made }) =>
          made === null ? (
            <Empty title="It is defined in the code of the application">
              <p>Change it there; the next start of the application carries it out.</p>
            </Empty>
          ) : (
            <TriggerForm
              draft={triggerDraft(made)}
              saveLabel="Save changes"
              save={(definition, before) => updateTrigger(name, changesOf(before, definition))}
            />
          )
        }
      </WhenLoaded>
    </>
  );
}
