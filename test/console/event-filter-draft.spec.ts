import { describe, expect, it } from 'vitest';
import {
  eventFilterOf,
  eventQueryOf,
  eventsAddress,
  isFiltered,
} from '../../lib/console/web/event-filter-draft.js';
import { routeOf } from '../../lib/console/web/route.js';

const NOW = Date.parse('2026-11-29T12:00:00.000Z');
const filter = {
  trigger: 'order_paid',
  states: ['retrying', 'dead'],
  operation: 'UPDATE',
  key: '42',
  path: '$.new ? (@.total > 100)',
  span: '',
  from: '2026-11-29T00:00:00.000Z',
  to: '2026-11-30T00:00:00.000Z',
  after: '7_2026-11-29T11:00:00.000000Z',
} as const;

describe('the filter of events', () => {
  it('comes back from its address', () => {
    expect(eventFilterOf(routeOf(eventsAddress(filter)).query)).toEqual(filter);
  });

  it('asks the server by the names of its parameters', () => {
    const { span: _, states, ...others } = filter;
    expect([...eventQueryOf(filter, NOW)]).toEqual(
      expect.arrayContaining([
        ...states.map((state) => ['state', state]),
        ...Object.entries(others),
        ['limit', '50'],
      ]),
    );
  });

  it('counts a span back from now', () => {
    const query = eventQueryOf({ ...filter, span: '1h', from: '' }, NOW);
    expect(query.get('from')).toBe('2026-11-29T11:00:00.000Z');
  });

  it('overlooks what it does not know', () => {
    const query = new URLSearchParams('state=lost&operation=UPSERT&span=forever');
    const empty = eventFilterOf(query);
    expect(isFiltered(empty)).toBe(false);
    expect([...eventQueryOf(empty, NOW).keys()]).toEqual(['limit']);
  });

  it('is none where only a page is chosen', () => {
    expect(isFiltered({ ...eventFilterOf(new URLSearchParams()), after: '1_x' })).toBe(false);
    expect(isFiltered(filter)).toBe(true);
  });
});
