import type { QuotedIdentifier } from '../../schema/identifier.js';
import { dateOf } from '../deliver/created-at.js';
import type { RunStatement } from './application-events.js';
import { deadLetterGroupsStatement } from './dead-letter-groups.sql.js';

/** Dead letters of one trigger that were given up for the same reason. */
export interface DeadLetterGroup {
  readonly trigger: string;
  /** `'exhausted'`, `'too-old'`, `'rejected'` or `'lease-lost'`. */
  readonly reason: string;
  /** Of their last attempts, such as `'HTTP_503'`; null where there was none. */
  readonly errorCode: string | null;
  /** What the last attempt of one of them came to. */
  readonly errorMessage: string | null;
  readonly count: number;
  /** When the first and the last of them were given up. */
  readonly oldest: Date;
  readonly newest: Date;
}

export interface DeadLetterGroups {
  readonly groups: readonly DeadLetterGroup[];
  /** False where a trigger has more than 10,000, of which only so many were looked at. */
  readonly isComplete: boolean;
}

interface GroupRow {
  readonly trigger: string;
  readonly reason: string;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly count: number;
  readonly oldest: string;
  readonly newest: string;
  readonly is_cut: boolean;
}

export async function groupDeadLetters(
  run: RunStatement,
  schema: QuotedIdentifier,
  application: string,
): Promise<DeadLetterGroups> {
  const rows = await run<GroupRow>(deadLetterGroupsStatement(schema), [application]);
  return {
    groups: rows.map((row) => ({
      trigger: row.trigger,
      reason: row.reason,
      errorCode: row.error_code,
      errorMessage: row.error_message,
      count: row.count,
      oldest: dateOf(row.oldest),
      newest: dateOf(row.newest),
    })),
    isComplete: !rows.some((row) => row.is_cut),
  };
}
