import { EventTrigger } from 'nestjs-event-triggers';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('orders')
@EventTrigger<Order>({
  name: 'order_changed',
  insert: true,
  update: { columns: ['status'] },
  delete: true,
  truncate: true,
  ordering: 'row',
  webhook: '{{RECEIVER_URL}}/order-changed',
})
export class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  status!: string;
}
