import { beforeEach, describe, expect, it } from 'vitest';
import type { StoredTrigger } from '../../lib/pipeline/attach/stored-trigger.js';
import type { Outcome } from '../../lib/pipeline/deliver/outcome.js';
import { DeliveryNews } from '../../lib/pipeline/delivery-news.js';
import type { TriggerId } from '../../lib/pipeline/event.js';
import type { Decision } from '../../lib/pipeline/record/attempt.js';
import type { State } from '../../lib/state-log.js';

const A_MINUTE = 60_000;
const trigger = { id: 1 as TriggerId, name: 'order_created' } as StoredTrigger;
const refused = {
  kind: 'retry',
  error: { code: 'HTTP_503', message: 'The receiver answered 503' },
} as Outcome;
const retry: Decision = { kind: 'retry', delay: 1 };
const dead: Decision = { kind: 'dead', reason: 'exhausted' };
const delivered: Decision = { kind: 'delivered' };

describe('the log of a dispatcher', () => {
  let lines: string[];
  let time: number;
  let news: DeliveryNews;

  beforeEach(() => {
    lines = [];
    time = 0;
    const write = (sentence: string, { error }: State) => void lines.push(`${sentence} (${error})`);
    news = new DeliveryNews({ log: write, warn: write, error: write }, () => time);
  });

  const hear = (...decisions: Decision[]) => {
    for (const decision of decisions) news.hear(trigger, refused, decision);
  };

  it('says nothing of deliveries that get through', () => {
    hear(delivered, delivered);
    expect(lines).toEqual([]);
  });

  it('tells once that a trigger does not get through, why, and when it does again', () => {
    hear(retry, retry, retry, delivered, delivered);
    expect(lines).toEqual([
      'Event trigger "order_created" does not get through, and tries again; its attempts say why (HTTP_503)',
      'Event trigger "order_created" gets through again (undefined)',
    ]);
  });

  it('is not filled by a destination that comes and goes', () => {
    for (let turn = 0; turn < 100; turn += 1) hear(retry, delivered);
    expect(lines, 'one failure, one recovery').toHaveLength(2);
    time += A_MINUTE;
    hear(retry, delivered);
    expect(lines, 'and again after a minute').toHaveLength(4);
  });

  it('tells of a dead letter at once and counts further ones for a minute', () => {
    hear(dead, dead, dead);
    time += A_MINUTE;
    hear(dead);
    expect(lines).toEqual([
      'Event trigger "order_created": an event is a dead letter (exhausted); its attempts say why (HTTP_503)',
      'Event trigger "order_created": 3 more events are dead letters (exhausted); its attempts say why (HTTP_503)',
    ]);
  });
});
