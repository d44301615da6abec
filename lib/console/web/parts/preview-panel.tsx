import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Definition } from '../answers.js';
import { previewTrigger } from '../api.js';
import { problemOf, type Problem } from '../problem.js';
import { Button } from './button.js';
import { ProblemNotice } from './state-of-loading.js';

interface PreviewPanelProps {
  readonly definition: Definition;
  readonly isWhole: boolean;
}

/** The SQL that saving would execute. It disappears with the next change of the form. */
export function PreviewPanel({ definition, isWhole }: PreviewPanelProps): JSX.Element {
  const [statements, setStatements] = useState<readonly string[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const text = JSON.stringify(definition);
  useEffect(() => {
    setStatements(null);
    setProblem(null);
  }, [text]);
  const preview = async (): Promise<void> => {
    try {
      setProblem(null);
      setStatements((await previewTrigger(definition)).statements);
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <section class="preview" aria-label="Preview">
      <Button
        isDisabled={!isWhole}
        onPress={preview}
        title={isWhole ? undefined : 'Fill the form in first'}
      >
        Preview SQL
      </Button>
      {problem && <ProblemNotice problem={problem} />}
      {statements && (
        <pre tabIndex={0} role="region" aria-label="SQL">
          {statements.join(';\n\n')}
        </pre>
      )}
    </section>
  );
}
