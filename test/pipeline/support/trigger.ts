import type { StoredTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import { AddressRules } from '../../../lib/pipeline/deliver/address-rules.js';
import {
  resolveDestination,
  type DestinationContext,
  type WebhookDestination,
} from '../../../lib/pipeline/deliver/destination.js';
import type { ClaimedEvent, EventNumber, TriggerId } from '../../../lib/pipeline/event.js';

const ANYWHERE = new AddressRules({ publicOnly: false, allow: [] });

/** A trigger as it stands in the database. */
export const trigger = (more: Partial<StoredTrigger> = {}): StoredTrigger => ({
  id: 1 as TriggerId,
  name: 'orders_all',
  application: 'test',
  table: { schema: 'public', name: 'orders' },
  insert: {},
  webhook: 'http://127.0.0.1:9/hook',
  headers: [],
  sendSecret: true,
  retry: {
    attempts: 4,
    strategy: 'exponential',
    delay: 1_000,
    maxDelay: 60_000,
    maxAge: null,
    jitter: false,
  },
  timeout: 1_000,
  concurrency: 16,
  enabled: true,
  paused: false,
  ...more,
});

/** What a destination takes from a process that has nothing to say: more of it is up to the test. */
export const contextOf = (more: Partial<DestinationContext> = {}): DestinationContext => ({
  installation: 7,
  secret: null,
  signingKeys: [],
  rules: { addresses: ANYWHERE, requireHttps: false },
  env: {},
  handlers: new Map(),
  transforms: new Map(),
  ...more,
});

export const destinationOf = (
  more: Partial<StoredTrigger> = {},
  context: Partial<DestinationContext> = {},
): WebhookDestination =>
  resolveDestination(trigger(more), contextOf(context)) as WebhookDestination;

/** An event as a dispatcher holds it. */
export const event = (more: Partial<ClaimedEvent> = {}): ClaimedEvent => ({
  triggerId: 1 as TriggerId,
  number: '42' as EventNumber,
  operation: 'INSERT',
  key: '1',
  keyBefore: null,
  old: null,
  new: '{"id":1}',
  session: null,
  trace: null,
  createdAt: '2026-11-24 04:11:40.123456+00',
  attemptsBefore: 0,
  parked: false,
  redelivered: false,
  ...more,
});

/** A retry policy that gives up after the first attempt. */
export const ONCE = {
  attempts: 1,
  strategy: 'fixed',
  delay: 10,
  maxDelay: 10,
  maxAge: null,
  jitter: false,
} as const;
