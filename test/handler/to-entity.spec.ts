import {
  ChildEntity,
  Column,
  CreateDateColumn,
  DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  TableInheritance,
  type DataSourceOptions,
} from 'typeorm';
import { toEntity } from 'nestjs-event-triggers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePayload } from '../../lib/pipeline/deliver/exact-json.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

class Address {
  @Column({ name: 'street_name' })
  street!: string;

  @Column({ type: 'bigint' })
  since!: string;
}

@Entity({ name: 'customer' })
class Customer {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;
}

@Entity({ name: 'orders' })
class Order {
  @PrimaryColumn({ type: 'bigint' })
  id!: string;

  @Column({ type: 'numeric', name: 'total_amount' })
  total!: string;

  @Column({ type: 'int' })
  count!: number;

  @Column({ type: 'float8' })
  ratio!: number;

  @Column({ type: 'float4' })
  weight!: number;

  @Column({ type: 'boolean' })
  paid!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamp' })
  localTime!: Date;

  @Column({ type: 'date' })
  day!: string;

  @Column({ type: 'time' })
  time!: string;

  @Column({ type: 'interval' })
  period!: unknown;

  @Column({ type: 'uuid' })
  token!: string;

  @Column({ type: 'bytea' })
  picture!: Buffer;

  @Column({ type: 'jsonb' })
  options!: unknown;

  @Column({ type: 'json', nullable: true })
  nothing!: unknown;

  @Column({ type: 'bigint', array: true })
  numbers!: string[];

  @Column({ type: 'timestamptz', array: true })
  moments!: Date[];

  @Column({ type: 'text', array: true })
  tags!: string[][];

  @Column({ type: 'simple-array' })
  simple!: string[];

  @Column({ type: 'simple-json' })
  simpleJson!: unknown;

  @Column({ type: 'enum', enum: ['new', 'done'] })
  state!: string;

  @Column({ type: 'point' })
  place!: unknown;

  @Column({ type: 'inet' })
  host!: string;

  @Column({ type: 'int4range' })
  range!: string;

  @Column({
    type: 'int',
    transformer: {
      from: (cents: number) => `${cents / 100} €`,
      to: (text: string) => parseFloat(text) * 100,
    },
  })
  price!: string;

  @Column(() => Address, { prefix: 'home_' })
  home!: Address;

  @ManyToOne(() => Customer)
  @JoinColumn({ name: 'customer_id' })
  customer!: Customer;
}

@Entity({ name: 'animal' })
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
class Animal {
  @PrimaryColumn()
  id!: number;
}

@ChildEntity('cat')
class Cat extends Animal {
  @Column({ nullable: true })
  lives!: number;
}

const values = {
  id: '9223372036854775807',
  total: '12345678901234567890.50',
  count: 3,
  ratio: 0.1,
  weight: 1.5,
  paid: true,
  createdAt: new Date('2026-11-24T04:11:40.123Z'),
  localTime: new Date('2026-06-01T10:00:00.001'),
  day: '2026-11-24',
  time: '10:11:12',
  period: '1 year 2 mons 3 days 04:05:06.7',
  token: '6d0f1c2a-9b3e-8f40-a1b2-000000000007',
  picture: Buffer.from([0, 1, 254, 255]),
  options: { a: [1, null, 'ä'] },
  nothing: null,
  numbers: ['1', '9223372036854775806'],
  moments: [new Date('2026-01-01T00:00:00Z')],
  tags: [
    ['a', 'b"'],
    ['c,', 'NULL'],
  ],
  simple: ['x', 'y'],
  simpleJson: { deep: { er: 1 } },
  state: 'done',
  place: '(1,2.5)',
  host: '10.1.2.3',
  range: '[1,5)',
  price: '12.5 €',
  home: { street: 'Ada’s', since: '9007199254740993' },
};

describe('an entity of a row', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      ...database.dataSourceOptions,
      entities: [Order, Customer, Animal, Cat],
      synchronize: true,
    } as DataSourceOptions).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** The row as a handler gets it. */
  const rowOf = async (table: string): Promise<object> => {
    const [{ text }] = (await dataSource.query(
      `select row_to_json(t)::text as text from ${table} t`,
    )) as [{ text: string }];
    return parsePayload(text) as object;
  };

  it('is the entity that the repository loads, whatever the types of its columns', async () => {
    const customer = await dataSource.getRepository(Customer).save({});
    const repository = dataSource.getRepository(Order);
    await repository.insert({ ...values, customer } as never);
    const loaded = await repository.findOneOrFail({
      where: { id: values.id },
      loadRelationIds: { disableMixedMap: true },
    });

    const made = toEntity(Order, await rowOf('orders'), dataSource);

    expect(made).toBeInstanceOf(Order);
    expect(made).toEqual(loaded);
    expect(loaded, 'or nothing would have been compared').toMatchObject({
      id: values.id,
      total: values.total,
      createdAt: values.createdAt,
      picture: values.picture,
      price: values.price,
      home: values.home,
      customer: { id: customer.id },
    });
  });

  it('has only the columns that the payload has', () => {
    const made = toEntity(Order, { id: 7, total_amount: 10.5, unknown: 1 }, dataSource);
    expect(Object.fromEntries(Object.entries(made))).toEqual({ id: '7', total: '10.5' });
  });

  it('is of the class that the row names', async () => {
    await dataSource.getRepository(Cat).insert({ id: 1, lives: 9 });
    const made = toEntity(Animal, await rowOf('animal'), dataSource);
    expect(made).toBeInstanceOf(Cat);
    expect(made).toMatchObject({ id: 1, lives: 9 });
  });

  it('needs a class that the data source knows', () => {
    class Stranger {}
    expect(() => toEntity(Stranger, {}, dataSource)).toThrow(/No metadata for "Stranger"/);
  });
});
