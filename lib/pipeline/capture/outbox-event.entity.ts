import { Column, Entity, PrimaryColumn } from 'typeorm';
import { OPERATIONS, type Operation } from '../event.js';

/**
 * A captured change as the event log holds it. For reading: the log is append-only and is written by
 * capture triggers alone.
 */
@Entity({ name: 'event', synchronize: false })
export class OutboxEventEntity {
  /** Its place in the log. A crash of Postgres can issue a number again; with `createdAt` it is unique. */
  @PrimaryColumn({ name: 'id', type: 'bigint' })
  id!: string;

  @PrimaryColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** The writer's transaction: an xid8, which TypeORM has no name for. */
  @Column({ name: 'xid', type: 'bigint' })
  transactionId!: string;

  @Column({ name: 'trigger_id', type: 'integer' })
  triggerId!: number;

  @Column({ name: 'operation', type: 'enum', enum: OPERATIONS })
  operation!: Operation;

  /** The row's primary key as text; null where the table has none. */
  @Column({ name: 'key', type: 'text', nullable: true })
  key!: string | null;

  @Column({ name: 'old', type: 'json', nullable: true })
  old!: unknown;

  @Column({ name: 'new', type: 'json', nullable: true })
  new!: unknown;

  /** Session variables as the writer set them, in any form. */
  @Column({ name: 'session', type: 'text', nullable: true })
  session!: string | null;

  /** The writer's trace context as it set it, in any form. */
  @Column({ name: 'trace', type: 'text', nullable: true })
  trace!: string | null;
}
