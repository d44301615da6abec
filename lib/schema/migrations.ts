import type { Migration } from './migration.js';
import { tables } from './migrations/0001-tables.sql.js';
import { attach } from './migrations/0002-attach.sql.js';
import { tick } from './migrations/0003-tick.sql.js';
import { claim } from './migrations/0004-claim.sql.js';
import { record } from './migrations/0005-record.sql.js';
import { cycle } from './migrations/0006-cycle.sql.js';
import { lease } from './migrations/0007-lease.sql.js';
import { pause } from './migrations/0008-pause.sql.js';
import { partitions } from './migrations/0009-partitions.sql.js';
import { wake } from './migrations/0010-wake.sql.js';
import { redelivery } from './migrations/0011-redelivery.sql.js';
import { cancellation } from './migrations/0012-cancellation.sql.js';
import { adoption } from './migrations/0013-adoption.sql.js';
import { inbox } from './migrations/0014-inbox.sql.js';
import { eventList } from './migrations/0015-event-list.sql.js';

/** Every step of the schema, oldest first. Append only. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'tables', oldestReader: 1, sql: tables },
  { version: 2, name: 'attach', oldestReader: 1, sql: attach },
  { version: 3, name: 'tick', oldestReader: 1, sql: tick },
  { version: 4, name: 'claim', oldestReader: 1, sql: claim },
  { version: 5, name: 'record', oldestReader: 1, sql: record },
  { version: 6, name: 'cycle', oldestReader: 1, sql: cycle },
  { version: 7, name: 'lease', oldestReader: 1, sql: lease },
  { version: 8, name: 'pause', oldestReader: 1, sql: pause },
  { version: 9, name: 'partitions', oldestReader: 1, sql: partitions },
  { version: 10, name: 'wake', oldestReader: 1, sql: wake },
  { version: 11, name: 'redelivery', oldestReader: 1, sql: redelivery },
  { version: 12, name: 'cancellation', oldestReader: 1, sql: cancellation },
  { version: 13, name: 'adoption', oldestReader: 1, sql: adoption },
  { version: 14, name: 'inbox', oldestReader: 1, sql: inbox },
  { version: 15, name: 'event-list', oldestReader: 1, sql: eventList },
];
