import { isExclusive, type StoredTrigger } from './attach/stored-trigger.js';
import type { Destination } from './deliver/destination.js';
import type { TriggerId } from './event.js';
import { StreamGate } from './stream-gate.js';

/** The events of one trigger, with all that it takes to deliver them from here. */
export interface Stream {
  readonly trigger: StoredTrigger;
  readonly destination: Destination;
  /** Whether pages may be claimed. What is in hand already is delivered in any case. */
  readonly claimable: boolean;
  readonly gate: StreamGate;
}

/** How long a stream that another dispatcher has work of is left to it before it is asked again. */
const ELSEWHERE_MS = 250;

/**
 * The streams that this replica delivers, and which of them have to be asked for more.
 *
 * A stream is hot when it may hold events although the log has not grown since it was asked last.
 */
export class Streams {
  private readonly streams = new Map<TriggerId, Stream>();
  private readonly halted = new Set<TriggerId>();
  private hot = new Set<TriggerId>();
  /** When to ask for those that are another dispatcher's for a while. */
  private elsewhere = new Map<TriggerId, number>();

  get(trigger: TriggerId): Stream | undefined {
    return this.streams.get(trigger);
  }

  set(stream: Omit<Stream, 'gate'>): void {
    const { trigger, claimable } = stream;
    const known = this.streams.get(trigger.id);
    if (!(known?.claimable ?? false)) this.hot.add(trigger.id);
    const gate = known?.gate ?? new StreamGate(trigger, performance.now());
    gate.update(trigger, performance.now());
    this.streams.set(trigger.id, { trigger, destination: stream.destination, claimable, gate });
  }

  all(): Stream[] {
    return [...this.streams.values()];
  }

  /** Claims no more from any but these: the others are no longer this application's. */
  keepOnly(triggers: ReadonlySet<TriggerId>): void {
    for (const [trigger, stream] of this.streams) {
      if (!triggers.has(trigger)) this.streams.set(trigger, { ...stream, claimable: false });
    }
  }

  /** Those that may be claimed from, hot ones first, in the order in which they wait. */
  claimable(): TriggerId[] {
    const quiet = [...this.streams.keys()].filter((trigger) => !this.hot.has(trigger));
    return [...this.hot, ...quiet].filter(
      (trigger) => this.streams.get(trigger)?.claimable === true && !this.halted.has(trigger),
    );
  }

  /** Those of them that one dispatcher at a time may have work of. */
  exclusive(triggers: readonly TriggerId[]): TriggerId[] {
    return triggers.filter((id) => {
      const stream = this.streams.get(id);
      return stream !== undefined && isExclusive(stream.trigger);
    });
  }

  isHot(trigger: TriggerId): boolean {
    return this.hot.has(trigger);
  }

  /** Another dispatcher has work of these: they are asked again after a while. */
  leave(triggers: readonly TriggerId[]): void {
    this.elsewhere = new Map([...this.elsewhere].filter(([, at]) => at > performance.now()));
    for (const trigger of triggers) this.elsewhere.set(trigger, performance.now() + ELSEWHERE_MS);
  }

  /** Whether it was another dispatcher's and has to be asked again. */
  isLeft(trigger: TriggerId): boolean {
    return (this.elsewhere.get(trigger) ?? Number.POSITIVE_INFINITY) <= performance.now();
  }

  /** Milliseconds until one has to be asked again. */
  get nextLeft(): number {
    return Math.max(0, Math.min(...this.elsewhere.values()) - performance.now());
  }

  /**
   * After a cycle: whoever was not asked, or was left over, or has more, is asked next time whatever the
   * log says. Those that got a page wait behind those that did not.
   */
  remember(
    asked: readonly TriggerId[],
    again: readonly TriggerId[],
    served: ReadonlySet<TriggerId>,
  ): void {
    const reached = new Set(asked);
    this.hot = new Set([
      ...[...this.streams.keys()].filter((trigger) => !reached.has(trigger)),
      ...again.filter((trigger) => !served.has(trigger)),
      ...again.filter((trigger) => served.has(trigger)),
    ]);
  }

  /** Stops one stream whose bookkeeping is damaged, so that the others go on. */
  halt(trigger: TriggerId): void {
    this.halted.add(trigger);
  }

  /** Asks everybody again. */
  heatAll(): void {
    this.hot = new Set(this.streams.keys());
  }
}
