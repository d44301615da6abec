import type { QuotedIdentifier } from '../../schema/identifier.js';

export interface AdoptionStatements {
  /** To be committed before the other one begins, and its answer handed to that. */
  readonly mark: string;
  readonly adopt: string;
}

export function adoptionStatements(schema: QuotedIdentifier): AdoptionStatements {
  return {
    mark: `select ${schema}.mark_v1()::text as marked`,
    adopt: `select ${schema}.adopt_v1($1, $2, $3)::text as waiting`,
  };
}
