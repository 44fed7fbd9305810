-- One row: the catalogs at a glance, how much older their newest row is than
-- this transaction (negative: it is younger), settings of the database,
-- whether a prepared transaction is open, and the size of the notes in bytes.
SELECT g.glance, g.newest::text,
  (SELECT string_agg(setrole || ':' || xmin, ',' ORDER BY setrole)
    FROM pg_db_role_setting WHERE setdatabase = {database}),
  EXISTS (SELECT FROM pg_prepared_xact() p WHERE p.dbid = {database})::text,
  coalesce(pg_relation_size(to_regclass('seedbed_truncate.dirty')), 0)::text
FROM ({glance}) g
