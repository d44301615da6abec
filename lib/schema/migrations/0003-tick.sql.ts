import { quoteLiteral } from '../identifier.js';
import { LOCK } from '../advisory-lock.js';
import type { MigrationContext } from '../migration.js';
import { ADOPT, FOREIGN_HISTORY, history } from './0003-history.sql.js';

/**
 * Cuts the log if there is something new and returns the newest tick, made now or before. Runs under the
 * settings of `cycle_v1`, which calls it.
 *
 * A snapshot's xmax is the latest *completed* transaction + 1, so a running one may be in no list. That is
 * why the lower bound of a window is the number that the previous tick read before it had a transaction
 * id: whoever is not below the previous snapshot's xmax took its id, and then its numbers, after that.
 */
export const tick = (context: MigrationContext): string => history(context) + cut(context);

const cut = ({ schema, lockKey }: MigrationContext): string => `
create function ${schema}.tick_v1() returns bigint
  language plpgsql
  volatile
as $$
declare
  issued bigint;
  newest record;
begin
  if pg_current_xact_id_if_assigned() is not null then
    raise exception 'a tick must come first in its transaction'
      using errcode = 'ET002';
  end if;
  perform ${schema}.require_history_v1();
  select t.id, t.snapshot, t.lo, t.hi into newest
    from ${schema}.tick t
   order by t.id desc
   limit 1;
  if not found then
    raise exception 'the table tick is empty'
      using errcode = 'ET003', hint = 'Its rows were deleted by hand: restore them.';
  end if;
  -- After the tick was read: another dispatcher may cut one in between, which would be ahead of the sequence.
  select last_value into issued from ${schema}.event_number;
  if issued < newest.hi then
    raise exception 'the sequence event_number went backwards: it had issued %, now it says %', newest.hi, issued
      using errcode = 'ET004', hint = 'Set it to at least the highest id in the table event.';
  end if;
  -- Transaction ids begin anew where a dump is restored, and nothing there would ever be younger than the tick.
  if pg_snapshot_xmax(newest.snapshot) > pg_snapshot_xmax(pg_current_snapshot()) then
    raise exception 'the log was cut at transaction %, which this server has not reached: it is not the one that the log was written on', pg_snapshot_xmax(newest.snapshot)
      using errcode = '${FOREIGN_HISTORY}', hint = ${quoteLiteral(ADOPT)};
  end if;
  if issued = newest.lo then
    -- A condition of its own: as a part of the first one its scans would be set up in each cycle.
    if not exists (
      -- somebody of the snapshot's list has ended and left events
      select from pg_snapshot_xip(newest.snapshot) x
       cross join lateral (
             select from ${schema}.event e
              where e.xid = x
              order by e.trigger_id, e.id
              limit 1) written
       where pg_visible_in_snapshot(x, pg_current_snapshot()))
    then
      return newest.id;
    end if;
  end if;
  -- Another dispatcher is cutting: its tick will do.
  if not pg_try_advisory_xact_lock(${lockKey}, ${LOCK.tick}) then
    return newest.id;
  end if;
  -- Once more, now that nobody else cuts, and still before this transaction has an id.
  select last_value into issued from ${schema}.event_number;
  select t.id, t.seq_before into newest
    from ${schema}.tick t
   order by t.id desc
   limit 1;
  insert into ${schema}.tick (id, snapshot, seq_before, lo, hi)
  select nextval(${quoteLiteral(`${schema}.tick_id`)}), pg_current_snapshot(), issued, newest.seq_before, n.last_value
    from ${schema}.event_number n
  returning tick.id into newest.id;
  return newest.id;
end $$;
`;
