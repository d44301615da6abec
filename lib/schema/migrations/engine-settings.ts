/**
 * Settings of every function that dispatchers call.
 *
 * They stand on the functions, because a pooler in transaction mode may hand each call to another session.
 * A plan made on empty tables stays until the next analyze, so nothing but the index form may look
 * possible; plans are generic, because the numbers asked for always lie beyond the histogram.
 */
export const ENGINE_SETTINGS = `set search_path = pg_catalog, pg_temp
  set "TimeZone" = 'UTC'
  set "DateStyle" = 'ISO'
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
  set plan_cache_mode = force_generic_plan`;
