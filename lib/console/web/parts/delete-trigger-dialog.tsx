import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { deleteTrigger } from '../api.js';
import { eventsText } from '../counts.js';
import { go } from '../navigation.js';
import { tellDone } from '../notices.js';
import { problemOf, type Problem } from '../problem.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { ProblemNotice } from './state-of-loading.js';

const FATES = [
  ['keep', 'Keep it', 'It is delivered when a trigger of this name is made again.'],
  ['drain', 'Deliver it', 'The trigger captures nothing more, and is gone when all is sent.'],
  ['purge', 'Give it up', 'It will never be delivered.'],
] as const;

interface DeleteTriggerDialogProps {
  readonly name: string;
  readonly onClose: () => void;
}

export function DeleteTriggerDialog({ name, onClose }: DeleteTriggerDialogProps): JSX.Element {
  const [fate, setFate] = useState<(typeof FATES)[number][0]>('keep');
  const [problem, setProblem] = useState<Problem | null>(null);
  const remove = async (): Promise<void> => {
    try {
      const { waiting } = await deleteTrigger(name, fate);
      tellDone(`${name} was deleted; ${eventsText(waiting)} waited`);
      go('#/triggers');
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <Dialog
      title={`Delete ${name}`}
      onClose={onClose}
      actions={
        <Button look="danger" icon="trash" onPress={remove}>
          Delete trigger
        </Button>
      }
    >
      <p>Changes of its table are not captured any more.</p>
      <fieldset class="radios">
        <legend>What becomes of what waits</legend>
        {FATES.map(([value, label, meaning]) => (
          <label key={value}>
            <input
              type="radio"
              name="fate"
              checked={fate === value}
              onChange={() => setFate(value)}
            />
            <span>
              {label} <span class="muted">{meaning}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {problem && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}
