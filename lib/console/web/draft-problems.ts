import { parseDuration } from '../../duration.js';
import { conditionProblem } from './condition-draft.js';
import { delaysOf, durationOf, type RetryDraft } from './retry-draft.js';
import { ROW_OPERATIONS, type TriggerDraft } from './trigger-draft.js';

/** What is wrong with fields of the form, by their name. The server has the last word. */
export type DraftProblems = Readonly<Partial<Record<string, string>>>;

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const STARTS_WITH_TEMPLATE = /^\{\{[A-Za-z_][A-Za-z0-9_]*\}\}/;
const MOST_ATTEMPTS = 1_000;
const DURATION = `Write a time with its unit, such as '500ms', '30s', '15m', '2h' or '7d'`;

export function draftProblems(draft: TriggerDraft): DraftProblems {
  const problems: Record<string, string | null> = {
    name: NAME.test(draft.name.trim())
      ? null
      : 'Use letters, digits, _ and -, beginning with a letter, at most 63',
    table: draft.table === '' ? 'Choose a table' : null,
    operations: hasOperation(draft) ? null : 'Choose at least one operation',
    webhook: webhookProblem(draft.webhook.trim()),
    timeout: durationProblem(draft.timeout),
    ...headerProblems(draft),
    ...retryProblems(draft.retry),
    ...conditionProblems(draft),
  };
  const found = Object.entries(problems).filter(([, problem]) => problem !== null);
  return Object.fromEntries(found) as DraftProblems;
}

const hasOperation = (draft: TriggerDraft): boolean =>
  draft.truncate || draft.manual || ROW_OPERATIONS.some((operation) => draft[operation].isOn);

function webhookProblem(webhook: string): string | null {
  if (webhook === '') return 'Give the URL that is called';
  if (STARTS_WITH_TEMPLATE.test(webhook)) return null;
  const isWeb = /^https?:\/\/[^\s/]+/.test(webhook) && !/\s/.test(webhook);
  return isWeb ? null : 'Begin with https://, http:// or a variable such as {{BACKEND_URL}}';
}

function durationProblem(text: string): string | null {
  const duration = durationOf(text);
  return duration === undefined || parseDuration(duration) !== undefined ? null : DURATION;
}

function headerProblems({ headers }: TriggerDraft): Record<string, string | null> {
  const problems = headers.map(({ name, kind, value }, place) => {
    const field = `header-${place}`;
    if (!HEADER_NAME.test(name.trim())) return [field, 'Give the name of a header'];
    const isNamed = kind !== 'environment' || ENVIRONMENT_NAME.test(value.trim());
    return [field, isNamed ? null : 'Give the name of an environment variable'];
  });
  return Object.fromEntries(problems) as Record<string, string | null>;
}

function retryProblems(retry: RetryDraft): Record<string, string | null> {
  const attempts = retry.attempts.trim();
  const isCount =
    attempts === '' || (/^\d+$/.test(attempts) && +attempts >= 1 && +attempts <= MOST_ATTEMPTS);
  const problems = {
    attempts: isCount ? null : `A whole number from 1 to ${MOST_ATTEMPTS}; 1 means no retry`,
    maxAge: durationProblem(retry.maxAge),
  };
  if (retry.strategy !== 'list')
    return {
      ...problems,
      delay: durationProblem(retry.delay),
      maxDelay: durationProblem(retry.maxDelay),
    };
  const delays = delaysOf(retry.delays);
  const areDelays = delays.length > 0 && delays.every((one) => durationProblem(one) === null);
  return { ...problems, delays: areDelays ? null : `${DURATION}, with commas between them` };
}

const conditionProblems = (draft: TriggerDraft): Record<string, string | null> =>
  Object.fromEntries(
    ROW_OPERATIONS.map((operation) => {
      const { isOn, where } = draft[operation];
      return [`${operation}-where`, isOn && where !== null ? conditionProblem(where) : null];
    }),
  );
