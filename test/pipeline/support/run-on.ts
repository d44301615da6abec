import type { RunStatement } from '../../../lib/pipeline/retry/application-events.js';
import type { Engine } from './engine.js';

/** Runs what the service runs, over `pg`. */
export const runOn =
  ({ database }: Engine): RunStatement =>
  (text, values) =>
    database.query(text, [...values]) as Promise<never[]>;
