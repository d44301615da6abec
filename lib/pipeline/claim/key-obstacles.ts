import { keysOf, type ClaimedEvent } from '../event.js';

/** An event that has become a retry, or is about to. */
interface Obstacle {
  /** How often it has become one without the database having said that it holds it. */
  unrecorded: number;
  /** What turns up to this one have claimed may not know of it. */
  lastTurn: number;
}

/** Those of one key, by number, and what holds for all of them: most of what comes is asked of that. */
interface KeyObstacles extends Obstacle {
  readonly events: Map<number, Obstacle>;
}

const isUnknownTo = ({ unrecorded, lastTurn }: Obstacle, turn: number): boolean =>
  unrecorded > 0 || lastTurn >= turn;

/** The retries of an ordered trigger that claims may not know of yet, by key. */
export class Obstacles {
  private readonly keys = new Map<string, KeyObstacles>();

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  /** It is to be recorded as a retry. */
  add(event: ClaimedEvent): void {
    const number = Number(event.number);
    for (const key of keysOf(event)) {
      const ofKey = this.keys.get(key) ?? { unrecorded: 0, lastTurn: 0, events: new Map() };
      const obstacle = ofKey.events.get(number) ?? { unrecorded: 0, lastTurn: 0 };
      ofKey.unrecorded += 1;
      obstacle.unrecorded += 1;
      ofKey.events.set(number, obstacle);
      this.keys.set(key, ofKey);
    }
  }

  /**
   * The database holds these as retries: what is claimed after this turn knows of them by itself.
   *
   * @param oldest the oldest turn that is still under way, whose claim may be older than what is forgotten here
   */
  recorded(events: readonly ClaimedEvent[], turn: number, oldest: number): void {
    for (const event of events) {
      for (const key of keysOf(event)) {
        const ofKey = this.keys.get(key);
        const obstacle = ofKey?.events.get(Number(event.number));
        if (ofKey === undefined || obstacle === undefined) continue;
        for (const one of [ofKey, obstacle]) {
          one.unrecorded -= 1;
          one.lastTurn = turn;
        }
      }
    }
    for (const [key, ofKey] of this.keys) {
      for (const [number, obstacle] of ofKey.events)
        if (!isUnknownTo(obstacle, oldest)) ofKey.events.delete(number);
      if (ofKey.events.size === 0) this.keys.delete(key);
    }
  }

  /** Whether the claim of this turn brought a new event without knowing of a retry of its key. */
  blocksNew(event: ClaimedEvent, turn: number): boolean {
    return keysOf(event).some((key) => {
      const ofKey = this.keys.get(key);
      return ofKey !== undefined && isUnknownTo(ofKey, turn);
    });
  }

  /**
   * Whether it brought a retry without knowing of an earlier one. A change that gave a row another key is a retry for
   * the sake of one key, and may be the first of those of its other key while an earlier event of that is in hand.
   */
  blocksRetry(event: ClaimedEvent, turn: number): boolean {
    const before = Number(event.number);
    return keysOf(event).some((key) => {
      const events = this.keys.get(key)?.events ?? [];
      for (const [number, obstacle] of events)
        if (number < before && isUnknownTo(obstacle, turn)) return true;
      return false;
    });
  }
}
