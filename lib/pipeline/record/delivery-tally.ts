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

const nothingYet = (): Counted => ({ delivered: 0, failed: 0, places: new Map() });

/**
 * Counts attempts for `statistics`, in memory, and writes the counts down every few seconds: a figure of which a crash
 * may cost some seconds, and an answer that got lost count some twice. Nothing is delivered or not because of it; that
 * there is one says that a stream makes progress.
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
    const counted = this.countedOf(trigger);
    if (kind === 'delivered') counted.delivered += 1;
    else counted.failed += 1;
    const place = placeOnScale(duration);
    counted.places.set(place, (counted.places.get(place) ?? 0) + 1);
  }

  /** Nothing is written where nothing was attempted; what could not be written is counted with what comes. */
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
    try {
      await this.database.run('event-triggers:tally', this.statement, [JSON.stringify(rows)]);
    } catch (error) {
      for (const [trigger, unwritten] of counted) this.add(trigger, unwritten);
      throw error;
    }
  }

  private add(trigger: TriggerId, { delivered, failed, places }: Counted): void {
    const counted = this.countedOf(trigger);
    counted.delivered += delivered;
    counted.failed += failed;
    for (const [place, attempts] of places)
      counted.places.set(place, (counted.places.get(place) ?? 0) + attempts);
  }

  private countedOf(trigger: TriggerId): Counted {
    const counted = this.counted.get(trigger) ?? nothingYet();
    this.counted.set(trigger, counted);
    return counted;
  }
}
