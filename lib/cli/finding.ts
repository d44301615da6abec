/** How something is, by severity. */
export type Severity = 'ok' | 'warning' | 'problem';

/** What a check of `doctor` has found. */
export interface Finding {
  readonly check: string;
  readonly severity: Severity;
  readonly message: string;
  readonly fix: string | null;
}

/** What a check says of itself; its name is added by who runs it. */
export type Verdict = Omit<Finding, 'check'>;

export const ok = (message: string): Verdict => ({ severity: 'ok', message, fix: null });

export const warning = (message: string, fix: string): Verdict => ({
  severity: 'warning',
  message,
  fix,
});

export const problem = (message: string, fix: string): Verdict => ({
  severity: 'problem',
  message,
  fix,
});
