import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { EventTriggersService } from '../event-triggers.service.js';

/** Fast enough to look live, slow enough that a busy log is not read all the time. */
const LOOKS_EVERY_MS = 500;

/** Somebody who wants to know. */
export interface Follower {
  changed(): void;
  /** The application stops. */
  ended(): void;
}

/**
 * Notices that something was written to the database, for all followers of this replica together: one short question
 * each half second while there are any, and none else.
 */
export class LiveChanges implements BeforeApplicationShutdown {
  private readonly followers = new Set<Follower>();
  private timer: NodeJS.Timeout | undefined;
  private seen: string | null = null;
  private isLooking = false;

  constructor(private readonly eventTriggers: Pick<EventTriggersService, 'writePosition'>) {}

  /** Returns how to stop. */
  follow(follower: Follower): () => void {
    this.followers.add(follower);
    this.timer ??= setInterval(() => void this.look(), LOOKS_EVERY_MS);
    return () => {
      this.followers.delete(follower);
      if (this.followers.size === 0) this.stop();
    };
  }

  /** Open answers would keep the HTTP server from closing. */
  beforeApplicationShutdown(): void {
    this.stop();
    for (const follower of this.followers) follower.ended();
    this.followers.clear();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.seen = null;
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const position = await this.eventTriggers.writePosition();
      if (this.seen !== null && position !== this.seen)
        for (const follower of this.followers) follower.changed();
      this.seen = position;
    } catch {
      // The database is away for a while: what followers ask for themselves tells them.
    } finally {
      this.isLooking = false;
    }
  }
}
