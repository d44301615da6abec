import type { StoredTrigger } from '../attach/stored-trigger.js';
import { isoOf } from './created-at.js';
import { headerText } from './header-text.js';
import type { PayloadFormat } from './payload-format.js';
import { rowImage, type PayloadTerms } from './webhook-body.js';

const OPERATION_HEADER = 'event-triggers-operation';
const TABLE_HEADER = 'event-triggers-table';
const CREATED_AT_HEADER = 'event-triggers-created-at';

/** The names of the headers that tell what a bare row does not. */
export const ROW_HEADERS: readonly string[] = [OPERATION_HEADER, TABLE_HEADER, CREATED_AT_HEADER];

/** The row and nothing else: as it is now, or as it was where it is deleted; `null` for TRUNCATE. */
export function rowPayload({ table }: StoredTrigger, terms: PayloadTerms): PayloadFormat {
  const tableName = headerText(`${table.schema}.${table.name}`);
  return {
    contentType: 'application/json',
    body: (event) => rowImage(terms, event, event.new ?? event.old),
    headers: ({ operation, createdAt }) => [
      OPERATION_HEADER,
      operation,
      TABLE_HEADER,
      tableName,
      CREATED_AT_HEADER,
      isoOf(createdAt),
    ],
  };
}
