import { describe, expect, it } from 'vitest';
import { addressOf, routeOf } from '../../lib/console/web/route.js';

describe('the address of a screen', () => {
  it.each([
    ['', { screen: 'triggers' }],
    ['#/triggers', { screen: 'triggers' }],
    ['#/triggers/new', { screen: 'new-trigger' }],
    ['#/triggers/order-paid', { screen: 'trigger', name: 'order-paid' }],
    ['#/triggers/new/edit', { screen: 'edit-trigger', name: 'new' }],
    ['#/events', { screen: 'events' }],
    ['#/events/4f0c', { screen: 'event', id: '4f0c' }],
    ['#/dead-letters', { screen: 'dead-letters' }],
    ['#/replay?trigger=a', { screen: 'replay' }],
    ['#/elsewhere', { screen: 'unknown', path: 'elsewhere' }],
    ['#/events/4f0c/more', { screen: 'unknown', path: 'events/4f0c/more' }],
  ])('leads from %j to its screen', (hash, expected) => {
    expect(routeOf(hash)).toMatchObject(expected);
  });

  it('comes back as it was given, whatever characters a key has', () => {
    const address = addressOf(['events'], { key: 'a/b?c&d=ü #', state: ['dead', 'parked'] });
    const { query } = routeOf(address);
    expect(query.get('key')).toBe('a/b?c&d=ü #');
    expect(query.getAll('state')).toEqual(['dead', 'parked']);
    expect(routeOf(addressOf(['triggers', '100%/ü']))).toMatchObject({ name: '100%/ü' });
  });

  it('leaves out what is empty', () => {
    expect(addressOf(['events'], { key: '', trigger: null, state: [] })).toBe('#/events');
  });

  it('is understood with half an escape in it', () => {
    expect(routeOf('#/triggers/100%')).toMatchObject({ screen: 'trigger', name: '100%' });
  });
});
