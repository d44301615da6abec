// @ts-check
/** The textbook: one mutable row per event, claimed by SKIP LOCKED through a partial index, updated when done. */

export const createOutbox = `
create table outbox (
  id bigint generated always as identity primary key,
  operation text not null,
  payload json not null,
  state text not null default 'ready',
  attempts smallint not null default 0,
  claimed_by uuid,
  claimed_until timestamptz,
  created_at timestamptz not null default clock_timestamp()
);
create index outbox_ready on outbox (id) where state = 'ready';

-- The columns of the engine's attempt log.
create type outcome as enum ('delivered', 'retry', 'dead');
create table outbox_attempt (
  trigger_id integer not null,
  event_id bigint not null,
  claim uuid,
  number smallint not null,
  outcome outcome not null,
  status smallint,
  duration_ms real not null,
  error_code text,
  error_message text,
  response_headers text,
  response_body text,
  created_at timestamptz not null default clock_timestamp()
);
create index outbox_attempt_of_event on outbox_attempt (event_id);

create function to_outbox() returns trigger language plpgsql as $$
begin
  insert into outbox (operation, payload) values (tg_op, row_to_json(new));
  return null;
end $$;
create trigger to_outbox after insert on orders for each row execute function to_outbox()`;

/** $1 the name of the claim, $2 the size of a page. */
export const CLAIM = `
update outbox o
   set state = 'claimed',
       claimed_by = $1,
       claimed_until = clock_timestamp() + interval '15 seconds',
       attempts = o.attempts + 1
  from (
       select id
         from outbox
        where state = 'ready'
        order by id
        limit $2
          for update skip locked) ready
 where o.id = ready.id
returning o.id, o.operation, o.payload, o.created_at::text`;

/** Both in one statement, as the engine does. $1 the name of the claim, then columns of attempts. */
export const COMPLETE = `
with completed as (
  update outbox o
     set state = 'done'
    from unnest($2::bigint[]) c (id)
   where o.id = c.id
     and o.claimed_by = $1
)
insert into outbox_attempt (
       trigger_id, event_id, claim, number, outcome, status, duration_ms, response_headers, response_body, created_at)
select 1, a.id, $1, 1, 'delivered', a.status, a.duration, a.headers, a.body,
       clock_timestamp() - a.age * interval '1 millisecond'
  from unnest($2::bigint[], $3::smallint[], $4::real[], $5::text[], $6::text[], $7::real[])
       a (id, status, duration, headers, body, age)`;

export const COUNTS = `
select (select count(*)::integer from outbox) as captured,
       (select count(*)::integer from outbox where state = 'done') as done,
       count(*)::integer as attempts,
       count(distinct a.event_id)::integer as events
  from outbox_attempt a`;
