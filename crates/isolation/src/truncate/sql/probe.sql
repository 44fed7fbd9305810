-- One row: the catalogs at a glance, how much older their newest row is than
-- this transaction (negative: it is younger), settings of the database, and
-- whether a prepared transaction is open.
SELECT g.glance, g.newest::text,
  (SELECT string_agg(setrole || ':' || xmin, ',' ORDER BY setrole)
    FROM pg_db_role_setting WHERE setdatabase = {database}),
  EXISTS (SELECT FROM pg_prepared_xact() p WHERE p.dbid = {database})::text
FROM ({glance}) g
