import { quoteLiteral, type QuotedIdentifier } from '../schema/identifier.js';

export interface LogKeeperStatements {
  readonly partitions: string;
  readonly tick: string;
  readonly carryTick: string;
  readonly oldCursors: string;
  readonly carryCursor: string;
  readonly make: string;
  readonly empty: string;
  readonly clearDefault: string;
  readonly drop: string;
  readonly forgetDeadLetters: string;
}

/** Times go in and out as milliseconds since 1970. */
export function logKeeperStatements(schema: QuotedIdentifier): LogKeeperStatements {
  return {
    partitions: `
      select p.log, p.name,
             extract(epoch from p.starts_at) * 1000, extract(epoch from p.ends_at) * 1000, p.bytes,
             extract(epoch from p.oldest) * 1000,
             extract(epoch from clock_timestamp()) * 1000,
             pg_has_role((select c.relowner from pg_catalog.pg_class c where c.oid = ${quoteLiteral(`${schema}.event`)}::regclass), 'usage')
        from ${schema}.partitions_v1() p`,
    tick: `select ${schema}.tick_v1()`,
    carryTick: `select ${schema}.carry_tick_v1(to_timestamp($1::double precision / 1000))`,
    oldCursors: `select ${schema}.old_cursors_v1(to_timestamp($1::double precision / 1000))`,
    carryCursor: `select ${schema}.carry_cursor_v1($1, to_timestamp($2::double precision / 1000))`,
    make: `
      select ${schema}.make_partition_v1($1, $2, to_timestamp($3::double precision / 1000), to_timestamp($4::double precision / 1000))`,
    empty: `
      select ${schema}.empty_partition_v1(
        $1, $2, to_timestamp($3::double precision / 1000), to_timestamp($4::double precision / 1000))`,
    clearDefault: `
      select ${schema}.clear_default_v1($1, to_timestamp($2::double precision / 1000))`,
    drop: `select ${schema}.drop_partition_v1($1)`,
    forgetDeadLetters: `
      select ${schema}.forget_dead_letters_v1(to_timestamp($1::double precision / 1000), $2)`,
  };
}
