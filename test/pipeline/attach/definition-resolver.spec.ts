import {
  ChildEntity,
  Column,
  DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  TableInheritance,
  ViewColumn,
  ViewEntity,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidTriggerError } from '../../../lib/event-triggers.errors.js';
import { resolveDefinitions } from '../../../lib/pipeline/attach/definition-resolver.js';
import {
  definitionsOnEntities,
  EventTrigger,
} from '../../../lib/pipeline/attach/event-trigger.decorator.js';
import {
  defineTrigger,
  type TriggerDefinition,
} from '../../../lib/pipeline/attach/trigger-definition.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const webhook = '{{NHOST_BACKEND_URL}}/x';

class Address {
  @Column({ type: 'text' })
  street!: string;

  @Column({ name: 'postal_code', type: 'text' })
  zip!: string;
}

@Entity({ name: 'customers', schema: 'crm' })
class Customer {
  @PrimaryColumn({ type: 'int' })
  id!: number;
}

@Entity()
@EventTrigger<Order>({ name: 'first', insert: true, webhook })
@EventTrigger<Order>({ name: 'second', delete: true, webhook })
class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ name: 'Total €', type: 'numeric' })
  total!: string;

  @Column(() => Address)
  address!: Address;

  @ManyToOne(() => Customer)
  @JoinColumn({ name: 'customer_id' })
  customer!: Customer;

  describe(): string {
    return '';
  }
}

@Entity()
class SpecialOrder extends Order {}

@Entity()
@TableInheritance({ column: { type: 'text', name: 'kind' } })
class Animal {
  @PrimaryColumn({ type: 'int' })
  id!: number;
}

@ChildEntity('dog')
class Dog extends Animal {}

@ViewEntity({ expression: 'select 1 as one' })
class One {
  @ViewColumn()
  one!: number;
}

class Stranger {}

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query('create schema crm');
  dataSource = await new DataSource({
    ...database.dataSourceOptions,
    entities: [Order, SpecialOrder, Customer, Animal, Dog, One],
  }).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

function resolve(...definitions: TriggerDefinition[]) {
  return resolveDefinitions(definitions, dataSource, {
    application: 'shop',
    retry: { attempts: 3 },
    breaker: false,
    timeout: 60_000,
  });
}

describe('a resolved definition', () => {
  it('has the names of the database and every default', () => {
    const [resolved] = resolve(
      defineTrigger({
        name: 'order-changed',
        table: Order,
        insert: true,
        update: { columns: ['total', 'address.zip', 'customer'], when: 'true' },
        webhook,
      }),
    );
    expect(resolved).toEqual({
      name: 'order-changed',
      application: 'shop',
      formerly: [],
      table: { schema: 'public', name: 'order' },
      insert: {},
      update: { columns: ['Total €', 'addressPostal_code', 'customer_id'], when: 'true' },
      webhook,
      headers: [],
      sendSecret: true,
      retry: {
        attempts: 3,
        strategy: 'exponential',
        delay: 10_000,
        maxDelay: 21_600_000,
        maxAge: null,
        jitter: true,
      },
      timeout: 60_000,
      concurrency: 16,
      enabled: true,
    });
  });

  it('takes an embedded entity for all of its columns', () => {
    const [resolved] = resolve(
      defineTrigger({ name: 'a', table: Order, insert: { payload: ['id', 'address'] }, webhook }),
    );
    expect(resolved?.insert?.payload).toEqual(['id', 'addressStreet', 'addressPostal_code']);
  });

  it.each([
    [Customer, { schema: 'crm', name: 'customers' }],
    ['a.b', { schema: 'public', name: 'a.b' }],
    [{ name: 'Orders' }, { schema: 'public', name: 'Orders' }],
    [
      { schema: 'a.b', name: 'c' },
      { schema: 'a.b', name: 'c' },
    ],
  ])('watches %j as %j', (table, expected) => {
    expect(resolve({ name: 'a', table, insert: true, webhook })[0]?.table).toEqual(expected);
  });

  it('keeps the column names of a table that is given by name', () => {
    const [resolved] = resolve({ name: 'a', table: 'x', update: { columns: ['Ä'] }, webhook });
    expect(resolved?.update?.columns).toEqual(['Ä']);
  });

  it('keeps templates and never the value of a variable', () => {
    process.env['TOKEN_OF_THIS_TEST'] = 'never-stored';
    const headers = [
      { name: 'a', valueFromEnv: 'TOKEN_OF_THIS_TEST' },
      { name: 'b', value: 'Bearer {{TOKEN_OF_THIS_TEST}}' },
    ];
    const [resolved] = resolve({ name: 'a', table: 'x', insert: true, webhook, headers });
    expect(resolved).toMatchObject({ webhook, headers });
  });

  it('says what becomes of its events when it is removed, unless they are kept', () => {
    const resolved = (['keep', 'drain', 'purge'] as const).map(
      (whenRemoved) =>
        resolve({ name: 'a', table: 'x', insert: true, webhook, whenRemoved })[0]?.whenRemoved,
    );
    expect(resolved).toEqual([undefined, 'drain', 'purge']);
  });

  it('starts at a time or so long ago, where it says so', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const resolved = [undefined, at, '2h'].map(
      (startFrom) => resolve({ name: 'a', table: 'x', insert: true, webhook, startFrom })[0],
    );
    expect(resolved.map((trigger) => trigger?.startFrom)).toEqual([
      undefined,
      { at: at.toISOString() },
      { ago: 7_200_000 },
    ]);
  });

  it('counts once when it is listed twice', () => {
    const definition = defineTrigger({ name: 'a', table: 'x', manual: true, webhook });
    expect(resolve(definition, definition)).toHaveLength(1);
  });
});

describe('a definition is refused', () => {
  const refused: [string, TriggerDefinition, RegExp][] = [
    ['without an operation', { name: 'a', table: 'x', webhook }, /"a": it captures nothing/],
    [
      'with a column that its entity does not have',
      { name: 'a', table: Order, update: { columns: ['totel'] }, webhook },
      /"a": Order \(table "order"\) has no column "totel", did you mean "total"\?\n.*id, total, customer, address\.street/,
    ],
    [
      'with a payload column that its entity does not have',
      { name: 'a', table: Order, delete: { payload: ['address.city'] }, webhook },
      /has no column "address\.city"/,
    ],
    ['on a view', { name: 'a', table: One, insert: true, webhook }, /One is a view/],
    [
      'on one kind of a shared table',
      { name: 'a', table: Dog, insert: true, webhook },
      /Dog shares the table "animal".*\n.*Watch Animal.*new\.\\"kind\\" = 'dog'/,
    ],
    [
      'on a class that is no entity',
      { name: 'a', table: Stranger, insert: true, webhook },
      /Stranger is not an entity/,
    ],
  ];
  it.each(refused)('%s', (_, definition, message) => {
    expect(() => resolve(definition)).toThrow(InvalidTriggerError);
    expect(() => resolve(definition)).toThrow(message);
  });

  it('when another one has its name', () => {
    const one = { name: 'a', table: 'x', insert: true as const, webhook };
    expect(() => resolve(one, { ...one, table: 'y' })).toThrow(
      /"a": two definitions have this name/,
    );
  });

  it('when its former name is that of another one', () => {
    const one = { name: 'a', table: 'x', insert: true as const, webhook };
    expect(() => resolve(one, { ...one, name: 'b', formerly: ['a'] })).toThrow(/former name "a"/);
    expect(
      () => resolve({ ...one, formerly: ['z'] }, { ...one, name: 'b', formerly: ['z'] }),
      'a stream cannot go on under two names',
    ).toThrow(/former name "z"/);
  });
});

describe('the decorator', () => {
  it('defines in the order of the source, on its own class only', () => {
    const definitions = definitionsOnEntities(dataSource);
    expect(definitions.map(({ name, table }) => [name, table])).toEqual([
      ['first', Order],
      ['second', Order],
    ]);
  });
});

describe('the compiler', () => {
  it('knows the columns of an entity and takes any text for a table by name', () => {
    defineTrigger({ name: 'a', table: Order, update: { columns: ['address.street'] }, webhook });
    defineTrigger({ name: 'a', table: 'order', update: { columns: ['whatever'] }, webhook });
    // @ts-expect-error no such property
    defineTrigger({ name: 'a', table: Order, update: { columns: ['totals'] }, webhook });
    // @ts-expect-error a method is no column
    defineTrigger({ name: 'a', table: Order, insert: { payload: ['describe'] }, webhook });
    // @ts-expect-error no such property
    EventTrigger<Order>({ name: 'a', update: { columns: ['totals'] }, webhook });
    const all: TriggerDefinition[] = [defineTrigger({ name: 'a', table: Order, webhook })];
    expect(all).toHaveLength(1);
  });
});
