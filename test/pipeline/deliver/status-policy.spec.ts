import { describe, expect, it } from 'vitest';
import type { StatusOutcome, StatusRules } from '../../../lib/pipeline/attach/stored-trigger.js';
import { outcomeOfStatus } from '../../../lib/pipeline/deliver/status-policy.js';

describe('what a status means', () => {
  it.each<[number, StatusRules, StatusOutcome]>([
    [200, {}, 'delivered'],
    [299, {}, 'delivered'],
    [302, {}, 'retry'],
    [400, {}, 'retry'],
    [410, {}, 'gone'],
    [413, {}, 'rejected'],
    [503, {}, 'retry'],
    [599, {}, 'retry'],
    // a rule for the class
    [400, { '4xx': 'rejected' }, 'rejected'],
    [500, { '4xx': 'rejected' }, 'retry'],
    [204, { '2xx': 'retry' }, 'retry'],
    // a status of its own comes before its class, a default one too
    [409, { '4xx': 'rejected', '409': 'delivered' }, 'delivered'],
    [410, { '4xx': 'rejected' }, 'gone'],
    [413, { '4xx': 'retry' }, 'rejected'],
    [410, { '410': 'retry' }, 'retry'],
    [202, { '202': 'retry' }, 'retry'],
    [200, { '202': 'retry' }, 'delivered'],
  ])('%i under %j is %s', (status, rules, outcome) => {
    expect(outcomeOfStatus(status, rules)).toBe(outcome);
  });
});
