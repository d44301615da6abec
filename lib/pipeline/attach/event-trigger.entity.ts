import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CapturePauseReason } from './capture-switch.js';
import type { TriggerContent } from './stored-trigger.js';

/** A trigger as the database holds it. For reading: changes go through definitions or the service. */
@Entity({ name: 'event_trigger', synchronize: false })
export class EventTriggerEntity {
  @PrimaryColumn({ name: 'id', type: 'integer' })
  id!: number;

  @Column({ name: 'name', type: 'text', unique: true })
  name!: string;

  /** Whose definition it is. */
  @Column({ name: 'application', type: 'text' })
  application!: string;

  @Column({ name: 'definition', type: 'json' })
  definition!: TriggerContent;

  /** Since when its changes are not captured; null while they are. */
  @Column({ name: 'capture_paused_at', type: 'timestamptz', nullable: true })
  capturePausedAt!: Date | null;

  /** By `pauseCapture`, or because it kept more of the event log than `retention.holdAtMost`. */
  @Column({ name: 'capture_pause_reason', type: 'text', nullable: true })
  capturePauseReason!: CapturePauseReason | null;

  /** The statements that are in force on the table; null while nothing is attached. */
  @Column({ name: 'installed', type: 'text', array: true, nullable: true })
  installed!: string[] | null;

  /** Grows with every change, over all triggers. */
  @Column({ name: 'revision', type: 'bigint' })
  revision!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  /** Since when no application defines it; what waits in its stream is still delivered. */
  @Column({ name: 'removed_at', type: 'timestamptz', nullable: true })
  removedAt!: Date | null;
}
