-- Other sessions whose lock keeps a reset from its tables: any lock on a table
-- that is truncated, one for writing on the others.
SELECT DISTINCT s.pid::text, s.application_name, pg_get_userbyid(s.usesysid)::text, 'lock'
FROM pg_locks l
JOIN pg_stat_get_activity(NULL) s ON s.pid = l.pid
WHERE l.granted AND l.locktype = 'relation' AND l.database = {database}
  AND l.pid <> pg_backend_pid() AND s.usesysid IS NOT NULL
  AND (l.relation = ANY ('{{truncated}}'::oid[])
    OR l.relation = ANY ('{{others}}'::oid[]) AND l.mode <> 'AccessShareLock'
    OR l.relation = 'seedbed_truncate.dirty'::regclass AND l.mode <> 'AccessShareLock')
