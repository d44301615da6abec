import type { FakeReceiver, ReceivedRequest } from './fake-receiver.js';

type Predicate = (request: ReceivedRequest) => boolean;

/** Long enough for a first delivery on a loaded machine, shorter than a test may take. */
const DEFAULT_TIMEOUT = 10_000;
/** A failure message shows what arrived, not pages of it. */
const BODY_CHARACTERS_IN_MESSAGE = 200;

/** The requests so far, and who waits for one more. */
export class RequestLog {
  readonly requests: ReceivedRequest[] = [];
  private readonly watchers = new Set<() => void>();

  add(request: ReceivedRequest): void {
    this.requests.push(request);
    for (const look of this.watchers) look();
  }

  readonly waitFor: FakeReceiver['waitFor'] = ((wanted: number | Predicate, timeoutMs?: number) =>
    typeof wanted === 'number'
      ? this.until(
          () => (this.requests.length >= wanted ? this.requests : undefined),
          `${wanted} request(s)`,
          timeoutMs,
        )
      : this.until(
          () => this.requests.find(wanted),
          `a request for which ${String(wanted)}`,
          timeoutMs,
        )) as FakeReceiver['waitFor'];

  private until<T>(
    find: () => T | undefined,
    expected: string,
    timeoutMs = DEFAULT_TIMEOUT,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.watchers.delete(look);
      };
      const look = () => {
        try {
          const found = find();
          if (found === undefined) return;
          settle();
          resolve(found);
        } catch (error) {
          settle();
          reject(error as Error);
        }
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`Expected ${expected} within ${timeoutMs} ms, but ${this.summary()}`));
      }, timeoutMs);
      this.watchers.add(look);
      look();
    });
  }

  private summary(): string {
    if (this.requests.length === 0) return 'none arrived';
    const lines = this.requests.map(
      ({ method, path, body, at }) =>
        `  ${at.toISOString()} ${method} ${path} ${body.slice(0, BODY_CHARACTERS_IN_MESSAGE)}`,
    );
    return `${this.requests.length} arrived:\n${lines.join('\n')}`;
  }
}
