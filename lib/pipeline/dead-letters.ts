import { errorCode } from '../state-log.js';
import { eventId } from './deliver/event-id.js';
import type { Operation } from './event.js';
import type { Attempt } from './record/attempt.js';
import type { DispatcherLog } from './stages.js';
import type { Streams } from './streams.js';

/** An event that was given up. */
export interface DeadLetter {
  /** As receivers saw it; `EventTriggersService.redeliver` takes it. */
  readonly id: string;
  readonly trigger: string;
  readonly table: { readonly schema: string; readonly name: string };
  readonly operation: Operation;
  /** The row before and after the change, with every column, as JSON reads it. */
  readonly old: unknown;
  readonly new: unknown;
  /** `'exhausted'`, `'too-old'` or `'rejected'`. */
  readonly reason: string;
  /** Attempts that were made. */
  readonly attempts: number;
  /** The status of the last answer, null where none came. */
  readonly status: number | null;
  /** What went wrong the last time. */
  readonly error: string | null;
}

/** Tells the application of events that were given up. Whatever its function does, deliveries go on. */
export class DeadLetters {
  constructor(
    private readonly listener: ((deadLetter: DeadLetter) => void | Promise<void>) | null,
    private readonly installation: number,
    private readonly log: DispatcherLog,
  ) {}

  /** Of these attempts, which the database holds. */
  tell(recorded: readonly Attempt[], streams: Streams): void {
    if (this.listener === null) return;
    for (const attempt of recorded) {
      if (attempt.decision.kind === 'dead') void this.tellOne(attempt, streams);
    }
  }

  private async tellOne({ event, outcome, decision }: Attempt, streams: Streams): Promise<void> {
    const stream = streams.get(event.triggerId);
    if (stream === undefined || decision.kind !== 'dead') return;
    try {
      await this.listener?.({
        id: eventId(this.installation, event),
        trigger: stream.trigger.name,
        table: stream.trigger.table,
        operation: event.operation,
        old: JSON.parse(event.old ?? 'null') as unknown,
        new: JSON.parse(event.new ?? 'null') as unknown,
        reason: decision.reason,
        attempts: event.attemptsBefore + 1,
        status: outcome?.status ?? null,
        error: outcome?.error?.message ?? null,
      });
    } catch (error) {
      this.log.error(
        `onDeadLetter failed for event trigger "${stream.trigger.name}": let it catch and log what it throws`,
        {
          code: 'dead-letter-listener-failed',
          trigger: stream.trigger.name,
          error: errorCode(error),
        },
      );
    }
  }
}
