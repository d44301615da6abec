import { CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** An event that was dealt with. Keep it for as long as the event could be delivered again. */
@Entity('handled_events')
export class HandledEvent {
  @PrimaryColumn('uuid')
  id!: string;

  @CreateDateColumn({ name: 'handled_at', type: 'timestamptz' })
  handledAt!: Date;
}
