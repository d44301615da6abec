// @ts-check
/** What the engine's tables say, for whoever stops the clock. */
import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../clock.mjs';

export const SCHEMA = 'event_triggers';

/** Each look takes time from what is measured, so there are few of them until the end is near. */
const LOOK_EVERY_MS = 100;
const NEAR_THE_END = 0.9;
/** Half a percent of the shortest drain. */
const LOOK_NEAR_THE_END_MS = 5;
/** Ten times what the slowest control takes. */
const LONGEST_DRAIN_MS = 300_000;

const DONE = `
select coalesce(sum(b.size), 0)::integer as events
  from ${SCHEMA}.batch b
  join ${SCHEMA}.batch_done d
    on d.trigger_id = b.trigger_id
   and d.batch_id = b.id
   and d.claim = b.claim`;

const COUNTS = `
select (select count(*)::integer from ${SCHEMA}.event) as captured,
       count(*)::integer as attempts,
       count(distinct a.event_id)::integer as events,
       count(*) filter (
         where a.outcome = 'delivered'
           and a.duration_ms is not null
           -- what a method of the application handles has no answer
           and ((a.response_headers is not null or a.headers_of is not null) and a.response_body is not null and a.status is not null or $1))::integer as complete,
       (select count(*)::integer
          from ${SCHEMA}.batch b
         where b.size > 0
           and not exists (
               select from ${SCHEMA}.batch_done d
                where d.trigger_id = b.trigger_id
                  and d.batch_id = b.id
                  and d.claim = b.claim)) as open
  from ${SCHEMA}.attempt a`;

/** @typedef {{ captured: number, attempts: number, events: number, complete: number, open: number }} Counts */

/**
 * Waits until every attempt can be read, complete, and every batch is done. What the last look saw was there
 * when it was asked for, so that is when the clock stops.
 *
 * @param {import('../server/bench-database.mjs').BenchDatabase} database
 * @param {number} events
 * @param {boolean} [isHandled] by a method of the application
 */
export async function untilDrained(database, events, isHandled = false) {
  const deadline = now() + LONGEST_DRAIN_MS;
  for (;;) {
    const [done] = await database.query(DONE);
    const lookedAt = now();
    if (done.events >= events) {
      /** @type {Counts[]} */
      const [counts] = await database.query(COUNTS, [isHandled]);
      if (counts && counts.open === 0 && counts.complete >= events)
        return { endedAt: lookedAt, counts };
    }
    if (lookedAt > deadline)
      throw new Error(`Only ${done.events} of ${events} events were drained`);
    const isNearTheEnd = done.events >= events * NEAR_THE_END;
    await pause(isNearTheEnd ? LOOK_NEAR_THE_END_MS : LOOK_EVERY_MS);
  }
}

/**
 * @param {Counts} counts
 * @param {number} events
 */
export function differencesOf(counts, events) {
  const { open, ...each } = counts;
  const wrong = Object.entries(each).filter(([, count]) => count !== events);
  if (open !== 0) wrong.push(['open batches', open]);
  return wrong.map(
    ([name, count]) => `${name}: ${count} instead of ${name === 'open batches' ? 0 : events}`,
  );
}
