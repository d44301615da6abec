import { HttpModule, HttpService } from '@nestjs/axios';
import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  DeliveryAttemptEntity,
  EventTrigger,
  EventTriggerEntity,
  EventTriggersModule,
  EventTriggersService,
  getEventTriggersToken,
  OutboxEventEntity,
  type EventTriggersOptions,
  type EventTriggersOptionsFactory,
} from 'nestjs-event-triggers';
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startApplication } from './support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';
import { eventually } from './support/wait-until.js';

let webhook = 'http://127.0.0.1:9/never';

@Entity('parcels')
@EventTrigger<Parcel>({
  name: 'parcel_sent',
  update: { columns: ['sentAt'], payload: ['id', 'sentAt'] },
  webhook: '{{PARCEL_WEBHOOK}}',
})
class Parcel {
  @PrimaryGeneratedColumn('identity')
  id!: number;

  @Column({ name: 'sent_at', type: 'timestamptz', nullable: true })
  sentAt!: Date | null;
}

describe('EventTriggersModule', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];
  const keep = async (starting: Promise<INestApplicationContext>) => {
    const application = await starting;
    applications.push(application);
    return application;
  };

  beforeAll(async () => {
    receiver = await startFakeReceiver();
    webhook = receiver.url;
    process.env['PARCEL_WEBHOOK'] = `${webhook}/parcels`;
  });

  afterEach(async () => {
    for (const application of applications.splice(0)) await application.close();
    await database.drop();
  });

  afterAll(async () => {
    delete process.env['PARCEL_WEBHOOK'];
    await receiver.close();
  });

  const inDatabase = async () => {
    database = await createTestDatabase();
    await database.query('create table notes (id int primary key, body text)');
    return database;
  };

  it('attaches what stands on an entity class, by property names, and maps them to columns', async () => {
    const application = await keep(
      startApplication({
        database: await inDatabase(),
        entities: [Parcel],
        typeOrm: { synchronize: true },
      }),
    );
    const dataSource = application.get<DataSource>(getDataSourceToken());
    const parcel = await dataSource.manager.save(
      dataSource.manager.create(Parcel, { sentAt: null }),
    );

    await dataSource.manager.update(Parcel, parcel.id, { sentAt: new Date(0) });

    const request = await receiver.waitFor(({ path }) => path === '/parcels');
    expect(JSON.parse(request.body)).toMatchObject({
      trigger: { name: 'parcel_sent' },
      event: { data: { new: { id: parcel.id, sent_at: '1970-01-01T00:00:00+00:00' } } },
    });
  });

  it('attaches what feature modules declare', async () => {
    const feature = EventTriggersModule.forFeature([
      { name: 'note_added', table: 'notes', insert: true, webhook: `${webhook}/feature` },
    ]);
    await keep(startApplication({ database: await inDatabase(), imports: [feature] }));

    await database.query(`insert into notes values (1, 'x')`);

    const request = await receiver.waitFor(({ path }) => path === '/feature');
    expect(JSON.parse(request.body)).toMatchObject({ trigger: { name: 'note_added' } });
  });

  it('takes its options from a factory class, in a schema of its own', async () => {
    @Injectable()
    class Options implements EventTriggersOptionsFactory {
      createEventTriggersOptions(): EventTriggersOptions {
        return {
          application: 'test',
          schema: 'We"ird Schema',
          triggers: [
            { name: 'note_kept', table: 'notes', insert: true, webhook: `${webhook}/factory` },
          ],
        };
      }
    }
    const { dataSourceOptions } = await inDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ ...dataSourceOptions, autoLoadEntities: true }),
        EventTriggersModule.forRootAsync({ useClass: Options }),
      ],
    })
    class Host {}
    const application = await keep(
      NestFactory.createApplicationContext(Host, { logger: ['error'] }),
    );

    await database.query(`insert into notes values (1, 'x')`);

    await receiver.waitFor(({ path }) => path === '/factory');
    const dataSource = application.get<DataSource>(getDataSourceToken());
    const [trigger] = await dataSource.getRepository(EventTriggerEntity).find();
    const [event] = await dataSource.getRepository(OutboxEventEntity).find();
    expect(trigger, 'entities read from the schema that the options name').toMatchObject({
      name: 'note_kept',
    });
    expect(event).toMatchObject({ operation: 'INSERT' });
    await eventually(
      () => dataSource.getRepository(DeliveryAttemptEntity).findOneBy({ outcome: 'delivered' }),
      {
        describe: 'the attempt, read as an entity',
      },
    );
  });

  it('works on two data sources of one application without mixing them up', async () => {
    const first = await inDatabase();
    const second = await createTestDatabase();
    await second.query('create table notes (id int primary key, body text)');
    const trigger = (path: string) => ({
      name: 'note_of',
      table: 'notes',
      insert: true as const,
      manual: true,
      webhook: `${webhook}/${path}`,
    });
    @Module({
      imports: [
        TypeOrmModule.forRoot({ ...first.dataSourceOptions, autoLoadEntities: true }),
        TypeOrmModule.forRoot({
          ...second.dataSourceOptions,
          name: 'second',
          autoLoadEntities: true,
        }),
        EventTriggersModule.forRoot({ application: 'test', triggers: [trigger('first')] }),
        EventTriggersModule.forRoot({ application: 'test', dataSource: 'second' }),
        EventTriggersModule.forFeature([trigger('second')], 'second'),
      ],
    })
    class Host {}
    const application = await keep(
      NestFactory.createApplicationContext(Host, { logger: ['error'] }),
    );

    await first.query(`insert into notes values (1, 'first')`);
    await application
      .get<EventTriggersService>(getEventTriggersToken('second'))
      .invoke('note_of', 'second');

    const [one, two] = [
      await receiver.waitFor(({ path }) => path === '/first'),
      await receiver.waitFor(({ path }) => path === '/second'),
    ];
    expect(JSON.parse(one.body)).toMatchObject({ event: { op: 'INSERT' } });
    expect(JSON.parse(two.body)).toMatchObject({
      event: { op: 'MANUAL', data: { new: 'second' } },
    });
    await application.close();
    applications.length = 0;
    await second.drop();
  });

  it('shows its timer in the registry of a host that schedules, and doubles none of its jobs', async () => {
    const application = await keep(
      startApplication({ database: await inDatabase(), imports: [ScheduleModule.forRoot()] }),
    );

    const intervals = application.get(SchedulerRegistry).getIntervals();

    expect(intervals).toEqual(['event-triggers:dispatcher']);
  });

  it('sends through the HttpService of the host, so that its interceptors apply', async () => {
    const application = await keep(
      startApplication({
        database: await inDatabase(),
        imports: [HttpModule],
        eventTriggers: {
          triggers: [
            { name: 'note_marked', table: 'notes', insert: true, webhook: `${webhook}/marked` },
          ],
        },
      }),
    );
    application.get(HttpService, { strict: false }).axiosRef.interceptors.request.use((config) => {
      config.headers.set('x-marked', 'by the host');
      return config;
    });

    await database.query(`insert into notes values (1, 'x')`);

    const request = await receiver.waitFor(({ path }) => path === '/marked');
    expect(request.headers['x-marked']).toBe('by the host');
  });

  it('removes nothing where it dispatches nothing', async () => {
    const triggers = [{ name: 'note_stays', table: 'notes', insert: true as const, webhook }];
    await (
      await startApplication({ database: await inDatabase(), eventTriggers: { triggers } })
    ).close();

    await keep(startApplication({ database, eventTriggers: { dispatcher: false } }));

    const [trigger] = await database.query('select removed_at from event_triggers.event_trigger');
    expect(trigger).toEqual({ removed_at: null });
  });
});
