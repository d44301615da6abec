import { describe, expect, it } from 'vitest';
import { eventually } from '../support/wait-until.js';
import { TimedRead } from '../../lib/telemetry/timed-read.js';

const WITHIN_MS = 20;
/** Beyond what anything here waits for. */
const PATIENT_MS = 60_000;

/** A database that answers when a test says so. */
class SlowDatabase {
  asked = 0;
  private readonly questions: Deferred[] = [];

  ask = (): Promise<string> => {
    this.asked += 1;
    const question = deferred();
    this.questions.push(question);
    return question.promise;
  };

  answer(text: string): void {
    this.questions.shift()!.resolve(text);
  }

  fail(message: string): void {
    this.questions.shift()!.reject(new Error(message));
  }
}

interface Deferred {
  readonly promise: Promise<string>;
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
}

function deferred(): Deferred {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((resolves, rejects) => {
    resolve = resolves;
    reject = rejects;
  });
  return { promise, resolve, reject };
}

describe('a read of a database that may be slow', () => {
  it('is given up in time, and not begun again while its question is on', async () => {
    const database = new SlowDatabase();
    const read = new TimedRead(database.ask, WITHIN_MS);
    const late = `the database did not answer within ${WITHIN_MS} ms`;
    await expect(read.answer()).rejects.toThrow(late);
    await expect(read.answer()).rejects.toThrow(late);
    expect(database.asked, 'questions to the database').toBe(1);

    const next = read.answer();
    database.answer('of the first question');
    expect(await next).toBe('of the first question');
    const another = read.answer();
    database.answer('of the second one');
    expect(await another).toBe('of the second one');
  });

  it('is begun again after a while where nobody answers any more', async () => {
    const database = new SlowDatabase();
    const read = new TimedRead(database.ask, WITHIN_MS);
    await eventually(
      async () => {
        await read.answer().catch(() => undefined);
        return database.asked === 2;
      },
      { describe: 'a second question' },
    );
    database.answer('of the first question, which nobody waits for');
    const next = read.answer();
    database.answer('of the second one');
    expect(await next).toBe('of the second one');
  });

  it('is one for all who ask at the same time', async () => {
    const database = new SlowDatabase();
    const read = new TimedRead(database.ask, PATIENT_MS);
    const both = Promise.all([read.answer(), read.answer()]);
    database.answer('the same');
    expect(await both).toEqual(['the same', 'the same']);
    expect(database.asked).toBe(1);
  });

  it('fails as the database does, also after it was given up', async () => {
    const database = new SlowDatabase();
    const read = new TimedRead(database.ask, WITHIN_MS);
    await expect(read.answer()).rejects.toThrow('did not answer');
    const next = read.answer();
    database.fail('it is shut down');
    await expect(next).rejects.toThrow('it is shut down');
    const another = read.answer();
    database.answer('it is back');
    expect(await another).toBe('it is back');
  });
});
