// @ts-check
/**
 * The least that an outbox by hand can be: one table, one index, one insert of the row as jsonb.
 *
 * @param {string} table
 */
export const createMinimalOutbox = (table) => `
create table minimal_outbox (
  id bigint generated always as identity primary key,
  payload jsonb not null
);
create function to_minimal_outbox() returns trigger language plpgsql as $$
begin
  insert into minimal_outbox (payload) values (to_jsonb(new));
  return null;
end $$;
create trigger to_minimal_outbox after insert on ${table}
  for each row execute function to_minimal_outbox()`;
