import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { invokeTrigger } from '../api.js';
import { go } from '../navigation.js';
import { problemOf, type Problem } from '../problem.js';
import { addressOf } from '../route.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';
import { ProblemNotice } from './state-of-loading.js';

interface InvokeDialogProps {
  readonly name: string;
  readonly onClose: () => void;
}

export function InvokeDialog({ name, onClose }: InvokeDialogProps): JSX.Element {
  const [text, setText] = useState('{ "test": true }');
  const [problem, setProblem] = useState<Problem | null>(null);
  const fault = faultOf(text);
  const send = async (): Promise<void> => {
    try {
      const { id } = await invokeTrigger(name, JSON.parse(text));
      onClose();
      go(addressOf(['events', id]));
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <Dialog
      title={`Send a test event to ${name}`}
      onClose={onClose}
      actions={
        <Button look="primary" icon="send" isDisabled={fault !== null} onPress={send}>
          Send
        </Button>
      }
    >
      <Field
        label="Payload"
        problem={fault ?? undefined}
        hint="It arrives as data.new of an event whose operation is MANUAL."
      >
        <textarea
          rows={8}
          spellcheck={false}
          class="mono"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </Field>
      {problem && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}

function faultOf(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
}
