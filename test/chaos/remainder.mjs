// @ts-check
/**
 * What stands in the tables of what is owed, one line a row: where something is not delivered in time, it is to be told
 * whether it is on its way or stuck, and on what.
 */
export const REMAINDER = `
select line from (
  select 1 as place, format('retries of %s: %s due, %s later, %s behind others, %s in hand, oldest event %s', t.name,
           count(*) filter (where r.dispatcher is null and r.due <= clock_timestamp()),
           count(*) filter (where r.dispatcher is null and r.due > clock_timestamp() and r.due < 'infinity'),
           count(*) filter (where r.dispatcher is null and r.due = 'infinity'),
           count(*) filter (where r.dispatcher is not null),
           min(r.event_id)) as line
    from event_triggers.retry r join event_triggers.event_trigger t on t.id = r.trigger_id
   group by t.name
  union all
  select 2, format('heads of keys of %s: event %s, key %s, due %s, %s attempts, lost %s, in hand of %s', t.name, h.event_id, h.key, h.due, h.attempts, h.lost, h.dispatcher)
    from (select distinct on (r.trigger_id, r.key) r.*
            from event_triggers.retry r
           where r.ordered
           order by r.trigger_id, r.key, r.event_id) h
    join event_triggers.event_trigger t on t.id = h.trigger_id
  union all
  select 3, format('batch %s of %s: %s events up to %s of ticks %s to %s, %s, in hand of %s', b.id, t.name, b.size, b.last_id, b.from_tick, b.to_tick,
           case when exists (select from event_triggers.batch_done o where o.trigger_id = b.trigger_id and o.batch_id = b.id and o.claim = b.claim) then 'done' else 'open' end,
           b.dispatcher)
    from event_triggers.event_trigger t
   cross join lateral (select * from event_triggers.batch b where b.trigger_id = t.id order by b.id desc limit 5) b
  union all
  select 4, format('dispatcher %s: lease until %s, open from %s', d.id, d.lease_until, d.open_from)
    from event_triggers.dispatcher d
  union all
  select 5, format('%s is of dispatcher %s, settled %s', t.name, s.dispatcher, s.settled)
    from event_triggers.stream_owner s join event_triggers.event_trigger t on t.id = s.trigger_id
  union all
  select 6, format('dead letters of %s: %s, first %s (%s)', t.name, count(*), min(l.event_id), min(l.reason))
    from event_triggers.dead_letter l join event_triggers.event_trigger t on t.id = l.trigger_id
   group by t.name
  union all
  select 7, format('newest tick %s, newest event %s, now %s', (select max(id) from event_triggers.tick), (select max(id) from event_triggers.event), clock_timestamp())
) lines
order by place, line
limit 80`;
