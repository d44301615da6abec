import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** The table that all recipes watch. */
@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn() id!: number;
  @Column('text') email!: string;
  @Column('text', { default: 'open' }) status!: string;
  @Column('numeric', { default: 0 }) total!: string;
}
