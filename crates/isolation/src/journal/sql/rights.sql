-- What the connected role lacks for a rewind; the first line is told.
SELECT lack, hint FROM (VALUES
  (1, (SELECT count(*) FROM pg_event_trigger
       WHERE evtname IN ('seedbed_journal_ddl', 'seedbed_journal_drop') AND evtenabled = 'A') <> 2,
    'finds the event triggers of the journal missing or disabled', NULL),
  -- From 17 on; NULL before.
  (1, current_setting('event_triggers', true) = 'off',
    'finds event triggers switched off (event_triggers)', NULL),
  (2, NOT has_table_privilege('pg_largeobject', 'SELECT'),
    'may not read pg_largeobject', 'GRANT SELECT ON pg_largeobject TO ' || quote_ident(current_user)),
  (3, EXISTS (SELECT FROM seedbed_journal.relation r JOIN pg_class c ON c.oid = r.rel
      WHERE NOT pg_has_role(current_user, c.relowner, 'USAGE')),
    'does not own every table', NULL),
  (4, NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
      AND EXISTS (SELECT FROM seedbed_journal.relation r JOIN pg_class c ON c.oid = r.rel
        WHERE c.relforcerowsecurity),
    'is subject to row-level security (FORCE ROW LEVEL SECURITY)',
    'ALTER ROLE ' || quote_ident(current_user) || ' BYPASSRLS'),
  (5, NOT ((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
      OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE')),
    'may not end sessions of other roles', 'GRANT pg_signal_backend TO ' || quote_ident(current_user))
) AS lacks (rank, lacking, lack, hint)
WHERE lacking ORDER BY rank LIMIT 1
