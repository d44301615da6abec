import type { ComponentChildren, JSX } from 'preact';
import type { Loaded } from '../loaded.js';
import type { Problem } from '../problem.js';
import { Button } from './button.js';
import { Icon } from './icon.js';

export function ProblemNotice({
  problem,
  onRetry,
}: {
  problem: Problem;
  onRetry?: () => void;
}): JSX.Element {
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <div>
        <p class="said">{problem.message}</p>
        {problem.hint && <p>{problem.hint}</p>}
        {problem.code && <p class="code-of">{problem.code}</p>}
      </div>
      {onRetry && (
        <Button icon="resend" onPress={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Empty({
  title,
  children,
}: {
  title: string;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children}
    </div>
  );
}

/** What was loaded, or why there is nothing to show. Old content stays under a newer problem. */
export function WhenLoaded<Value>({
  loaded,
  children,
}: {
  loaded: Loaded<Value>;
  children: (value: Value) => ComponentChildren;
}): JSX.Element {
  const { value, problem, reload } = loaded;
  return (
    <>
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      {value !== null && children(value)}
      {value === null && !problem && (
        <div class="loading" role="status">
          Loading…
        </div>
      )}
    </>
  );
}
