import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { purgeTrigger } from '../api.js';
import { eventsText } from '../counts.js';
import { useLoaded } from '../loaded.js';
import { tellDone } from '../notices.js';
import { problemOf, type Problem } from '../problem.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';
import { ProblemNotice, WhenLoaded } from './state-of-loading.js';

interface PurgeDialogProps {
  readonly name: string;
  readonly onClose: () => void;
}

/** Whoever gives events up types how many, so that no more are given up than were seen. */
export function PurgeDialog({ name, onClose }: PurgeDialogProps): JSX.Element {
  const counted = useLoaded(() => purgeTrigger(name), name, null);
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const waiting = counted.value?.waiting ?? 0;
  const purge = async (): Promise<void> => {
    try {
      const purged = await purgeTrigger(name, waiting);
      tellDone(`${eventsText(purged.waiting)} of ${name} given up`);
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
      setTyped('');
      counted.reload();
    }
  };
  return (
    <Dialog
      title={`Give up what waits of ${name}`}
      onClose={onClose}
      actions={
        waiting > 0 && (
          <Button
            look="danger"
            icon="trash"
            isDisabled={typed.trim() !== String(waiting)}
            onPress={purge}
          >
            Give up
          </Button>
        )
      }
    >
      <WhenLoaded loaded={counted}>
        {() =>
          waiting === 0 ? (
            <p>Nothing waits.</p>
          ) : (
            <>
              <p>
                {eventsText(waiting)} that wait, retry or are parked will never be delivered. This
                cannot be undone.
              </p>
              <Field label={`Type ${waiting} to confirm`}>
                <input
                  inputMode="numeric"
                  autocomplete="off"
                  value={typed}
                  onInput={({ currentTarget }) => setTyped(currentTarget.value)}
                />
              </Field>
            </>
          )
        }
      </WhenLoaded>
      {problem && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}
