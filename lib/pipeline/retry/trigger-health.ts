import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { StoredTrigger } from '../attach/stored-trigger.js';
import type { BreakerChange } from './circuit-breaker.js';
import { triggerHealthStatements, type TriggerHealthStatements } from './trigger-health.sql.js';

type News = 'gone' | BreakerChange;

/** A trigger whose delivery was paused, and why. */
export interface PausedTrigger {
  readonly name: string;
  readonly reason: string;
}

/**
 * What the database is told about destinations: that one fails, that it is well again, that it is gone.
 *
 * Once for a change of state, never for an event. How long a destination has failed stands in the database,
 * so that it counts over restarts and replicas.
 */
export class TriggerHealth {
  private readonly statements: TriggerHealthStatements;
  private readonly untold = new Map<StoredTrigger['id'], { trigger: StoredTrigger; news: News }>();

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
  ) {
    this.statements = triggerHealthStatements(schema);
  }

  /** Remembers it for the next `flush`; that a destination is gone outlasts everything. */
  note(trigger: StoredTrigger, news: News | null): void {
    if (news === null || this.untold.get(trigger.id)?.news === 'gone') return;
    this.untold.set(trigger.id, { trigger, news });
  }

  /** Tells the database; what it could not be told is told the next time. Returns whom it paused on that. */
  async flush(): Promise<PausedTrigger[]> {
    const paused: PausedTrigger[] = [];
    for (const { trigger, news } of this.untold.values()) {
      const reason = await this.tell(trigger, news);
      this.untold.delete(trigger.id);
      if (reason !== null) paused.push({ name: trigger.name, reason });
    }
    return paused;
  }

  private async tell({ id, breaker }: StoredTrigger, news: News): Promise<string | null> {
    if (news === 'gone') {
      const rows = await this.database.run('event-triggers:gone', this.statements.gone, [id]);
      return isTrue(rows) ? 'its destination answered that it is gone' : null;
    }
    if (news === 'closed') {
      await this.database.run('event-triggers:healthy', this.statements.healthy, [id]);
      return null;
    }
    const rows = await this.database.run('event-triggers:failing', this.statements.failing, [
      id,
      breaker?.disableAfter ?? null,
    ]);
    return isTrue(rows) ? 'its destination has failed for too long' : null;
  }
}

const isTrue = (rows: readonly (readonly (string | null)[])[]): boolean => rows[0]?.[0] === 't';
