/**
 * Which of the privileges $5 on what is called $4 and is of kind $3, in the schema called $1, the role $2 lacks; null
 * stands for the connected one. By number, since a name is not looked up without USAGE of the schema. Functions are
 * everybody's unless somebody has taken that away; capture functions are nobody's.
 */
export const selectMissingGrants = `
  with place as (
    select n.oid, coalesce($2::name, current_user) as role
      from pg_catalog.pg_namespace n
     where n.nspname = $1
  ),
  required as (
    select r.kind, r.name, r.privilege, r.place
      from unnest($3::text[], $4::text[], $5::text[]) with ordinality r (kind, name, privilege, place)
  ),
  missing as (
    select r.kind, r.name, r.privilege, r.place
      from place p
     cross join required r
      left join pg_catalog.pg_class c
        on c.relnamespace = p.oid
       and c.relname = r.name
     where not case
               when r.kind = 'schema' then has_schema_privilege(p.role, p.oid, r.privilege)
               -- a later step of the schema makes it
               when c.oid is null then true
               when r.kind = 'sequence' then has_sequence_privilege(p.role, c.oid, r.privilege)
               else has_table_privilege(p.role, c.oid, r.privilege) end
     union all
    select 'function', format('%I(%s)', f.proname, pg_get_function_identity_arguments(f.oid)), 'execute', 1000 + f.oid::bigint
      from place p
      join pg_catalog.pg_proc f
        on f.pronamespace = p.oid
       and f.proname ~ '_v[0-9]+$'
       and f.prorettype <> 'pg_catalog.trigger'::regtype
     where not has_function_privilege(p.role, f.oid, 'execute')
  )
  select m.kind, m.name, array_agg(m.privilege order by m.place) as privileges
    from missing m
   group by m.kind, m.name
   order by min(m.place)`;
