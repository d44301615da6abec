import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { Outcome } from '../deliver/outcome.js';
import type { TriggerId } from '../event.js';
import { deliveryTallyStatement } from './delivery-tally.sql.js';
import { placeOnScale } from './duration-scale.js';

interface Counted {
  delivered: number;
  failed: number;
  /** Attempts by the place of their duration on the scale. */
  readonly places: Map<number, number>;
}

/**
 * Counts attempts for `statistics`, in memory, and writes the counts down every few seconds: a figure for people, of
 * which a crash may cost some seconds, and not what anything is decided by.
 */
export class DeliveryTally {
  private readonly statement: string;
  private counted = new Map<TriggerId, Counted>();

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
  ) {
    this.statement = deliveryTallyStatement(schema);
  }

  count(trigger: TriggerId, { kind, duration }: Outcome): void {
    let counted = this.counted.get(trigger);
    if (counted === undefined) {
      counted = { delivered: 0, failed: 0, places: new Map() };
      this.counted.set(trigger, counted);
    }
    if (kind === 'delivered') counted.delivered += 1;
    else counted.failed += 1;
    const place = placeOnScale(duration);
    counted.places.set(place, (counted.places.get(place) ?? 0) + 1);
  }

  /** Nothing is written where nothing was attempted. */
  async flush(): Promise<void> {
    if (this.counted.size === 0) return;
    const { counted } = this;
    this.counted = new Map();
    const rows = [...counted].map(([trigger, { delivered, failed, places }]) => ({
      trigger,
      delivered,
      failed,
      places: [...places.keys()],
      counts: [...places.values()],
    }));
    await this.database.run('event-triggers:tally', this.statement, [JSON.stringify(rows)]);
  }
}
