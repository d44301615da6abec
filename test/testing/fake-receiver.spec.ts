import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeReceiver, startFakeReceiver } from 'nestjs-event-triggers/testing';
import { eventually } from '../support/wait-until.js';

describe('a receiver', () => {
  let receiver: FakeReceiver;
  beforeEach(async () => {
    receiver = await startFakeReceiver();
  });
  afterEach(() => receiver.close());

  it('records what it is sent', async () => {
    await fetch(`${receiver.url}/hook?a=1`, {
      method: 'POST',
      headers: { 'x-test': 'yes' },
      body: 'grüße',
    });
    const [request] = await receiver.waitFor(1);
    expect(request).toMatchObject({ method: 'POST', path: '/hook?a=1', body: 'grüße' });
    expect(request?.headers['x-test']).toBe('yes');
  });

  it('answers as it is told, per request', async () => {
    receiver.respondWith((_request, index) => ({ status: index === 0 ? 503 : 202, body: 'done' }));
    const first = await fetch(receiver.url);
    const second = await fetch(receiver.url);
    expect([first.status, second.status, await second.text()]).toEqual([503, 202, 'done']);
  });

  it('wakes who waits when the request arrives', async () => {
    const waiting = receiver.waitFor((request) => request.path === '/second');
    await fetch(`${receiver.url}/first`);
    await fetch(`${receiver.url}/second`);
    expect((await waiting).path).toBe('/second');
  });

  it('tells what arrived instead of what was expected', async () => {
    await fetch(`${receiver.url}/other`, { method: 'PUT', body: 'text' });
    await expect(receiver.waitFor(2, 1)).rejects.toThrow(
      /Expected 2 request\(s\) within 1 ms, but 1 arrived:\n.* PUT \/other text/,
    );
  });

  it('hangs up, and closes with answers outstanding', async () => {
    receiver.respondWith({ hangUp: true });
    await expect(fetch(receiver.url)).rejects.toThrow('fetch failed');
    receiver.respondWith({ delayMs: 60_000 });
    const unanswered = fetch(receiver.url);
    await receiver.waitFor(2);
    await Promise.all([receiver.close(), expect(unanswered).rejects.toThrow('fetch failed')]);
  });
});

describe('eventually', () => {
  it('returns the first truthy answer', async () => {
    const answers = [undefined, new Error('not yet'), 0, 'here'];
    const answer = eventually(() => {
      const next = answers.shift();
      if (next instanceof Error) throw next;
      return next;
    });
    expect(await answer).toBe('here');
  });

  it('names what it waited for and keeps the last error', async () => {
    const fail = (): never => {
      throw new Error('no such table');
    };
    const waiting = eventually(fail, { timeoutMs: 1, describe: 'the table' });
    await expect(waiting).rejects.toMatchObject({
      message: 'Waited 1 ms in vain for the table; the last try failed',
      cause: new Error('no such table'),
    });
  });
});
