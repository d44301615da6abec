import type { QuotedIdentifier } from '../../schema/identifier.js';

export interface KnownTriggersStatements {
  readonly revision: string;
  readonly triggers: string;
  readonly installation: string;
}

export function knownTriggersStatements(schema: QuotedIdentifier): KnownTriggersStatements {
  return {
    // A sum, because a lower revision may be committed after a higher one was read.
    revision: `
      select count(*) || ':' || coalesce(sum(t.revision), 0)
        from ${schema}.event_trigger t
       where t.application = $1`,
    triggers: `
      select t.id, t.name, t.application, t.definition::text as definition,
             t.delivery_paused_at is not null as paused
        from ${schema}.event_trigger t
       where t.application = $1
       order by t.id`,
    installation: `select i.id::text from ${schema}.installation i`,
  };
}
