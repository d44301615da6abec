import { describe, expect, it } from 'vitest';
import { problemFrom, problemOf } from '../../lib/console/web/problem.js';

describe('a refusal on the page', () => {
  it('says what the server says, with its hint', () => {
    const body = { detail: 'There is no "x"', code: 'ET_UNKNOWN_TRIGGER', hint: 'Make one.' };
    expect(problemFrom(404, 'Not Found', JSON.stringify(body))).toMatchObject({
      message: 'There is no "x"',
      code: 'ET_UNKNOWN_TRIGGER',
      hint: 'Make one.',
      status: 404,
    });
  });

  it('reads what a guard of the host answers', () => {
    const body = '{"statusCode":403,"message":"Forbidden resource","error":"Forbidden"}';
    expect(problemFrom(403, '', body).message).toBe('Forbidden resource');
  });

  it('shows no page of a proxy, and says that one may have to sign in', () => {
    const problem = problemFrom(401, 'Unauthorized', '<html>');
    expect(problem.message).toBe('The server answered 401 Unauthorized');
    expect(problem.hint).toMatch(/sign in/);
  });

  it('tells that there is no server', () => {
    expect(problemOf(new TypeError('Failed to fetch')).message).toMatch(/cannot be reached/);
  });
});
