import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One try to deliver one event, as it stands in the attempt log. For reading: dispatchers write it.
 *
 * @example
 * await attempts.find({ where: { outcome: 'retry' }, order: { createdAt: 'DESC' }, take: 20 });
 */
@Entity({ name: 'delivery_attempt', synchronize: false })
export class DeliveryAttemptEntity {
  @Column({ name: 'trigger_id', type: 'integer' })
  triggerId!: number;

  /** The event's number in the log, a decimal text. */
  @PrimaryColumn({ name: 'event_id', type: 'bigint' })
  eventNumber!: string;

  /** 1 for the first attempt at the event. */
  @PrimaryColumn({ name: 'number', type: 'smallint' })
  number!: number;

  @Column({ name: 'outcome', type: 'text' })
  outcome!: 'delivered' | 'retry' | 'dead';

  /** The HTTP status, null where no answer came. */
  @Column({ name: 'status', type: 'smallint', nullable: true })
  status!: number | null;

  @Column({ name: 'duration_ms', type: 'real' })
  durationMs!: number;

  @Column({ name: 'error_code', type: 'text', nullable: true })
  errorCode!: string | null;

  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage!: string | null;

  /** A JSON object as text. */
  @Column({ name: 'response_headers', type: 'text', nullable: true })
  responseHeaders!: string | null;

  /** The beginning of the answer. */
  @Column({ name: 'response_body', type: 'text', nullable: true })
  responseBody!: string | null;

  /** When the attempt ended. */
  @PrimaryColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
