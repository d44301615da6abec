import { EventTrigger } from 'nestjs-event-triggers';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export type OrderStatus = 'placed' | 'shipped';

@Entity('orders')
@EventTrigger<Order>({
  name: 'order_created',
  insert: true,
  webhook: '{{NHOST_BACKEND_URL}}/v1/functions/send-order-email',
  headers: [{ name: 'nhost-webhook-secret', valueFromEnv: 'NHOST_WEBHOOK_SECRET' }],
  // Outlasts an outage of some minutes, and is soon back when it ends.
  retry: { attempts: 30, delay: '1s', maxDelay: '10s' },
})
@EventTrigger<Order>({
  name: 'order_shipped',
  update: { columns: ['status'], when: `new.status = 'shipped'` },
  // The secret goes along without being named: definitions in code send it by default.
  webhook: '{{NHOST_BACKEND_URL}}/v1/functions/announce-shipment',
  // Two attempts are refused before the third is accepted; short delays and few attempts, so that you can watch.
  retry: { attempts: 4, strategy: 'fixed', delay: '2s' },
})
export class Order {
  @PrimaryGeneratedColumn('identity')
  id!: number;

  @Column('text')
  email!: string;

  @Column('text')
  product!: string;

  @Column('integer')
  quantity!: number;

  @Column('text', { default: 'placed' })
  status!: OrderStatus;
}
