-- Other sessions whose lock on a table keeps the undo from writing it. The
-- journal itself is taken in EXCLUSIVE mode, user tables in ROW EXCLUSIVE.
SELECT DISTINCT s.pid::text, s.application_name, pg_get_userbyid(s.usesysid)::text, 'lock'
FROM pg_locks l
JOIN pg_stat_get_activity(NULL) s ON s.pid = l.pid
WHERE l.granted AND l.locktype = 'relation' AND l.database = {database}
  AND l.pid <> pg_backend_pid() AND s.backend_type <> 'autovacuum worker'
  AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    OR l.relation = 'seedbed_journal.entry'::regclass AND l.mode <> 'AccessShareLock')
