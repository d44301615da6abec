/** The process stopped before the attempt was over. */
export class ClosedError extends Error {
  readonly code = 'CLOSED';

  constructor() {
    super('this process stopped before the attempt was over');
  }
}
