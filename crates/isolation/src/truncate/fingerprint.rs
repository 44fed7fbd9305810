//! Whether the schema is still the template's, without an event trigger. A
//! *glance* counts the rows of the catalogs and sums up the transactions that
//! wrote them: no change leaves it as it was, because whatever is written is
//! younger than what it replaces. It also moves when nothing happened that
//! matters (TRUNCATE, temporary tables, triggers that a reset switched off and
//! on), so the *fingerprint* decides, which costs a few times as much.
//!
//! *Invariant*: a reset leaves the fingerprint as it is; a change of the
//! schema, and one that was taken back, does not.

use std::fmt::Write as _;

/// A catalog, the column that tells rows of users from built-in ones, and
/// which rows belong to temporary objects.
type Catalog = (&'static str, &'static str, &'static str);

const TEMPORARY_RELATIONS: &str = "(SELECT oid FROM pg_class WHERE relpersistence = 't')";
const TEMPORARY_SCHEMAS: &str =
    "(SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_')";

/// Those of which every written row means a change of the schema.
const WRITTEN_BY_DDL: &[Catalog] = &[
    ("pg_attribute", "attrelid", "attrelid IN {relations}"),
    ("pg_attrdef", "oid", "adrelid IN {relations}"),
    ("pg_constraint", "oid", "conrelid IN {relations}"),
    ("pg_index", "indexrelid", "indrelid IN {relations}"),
    ("pg_inherits", "inhrelid", "inhrelid IN {relations}"),
    ("pg_policy", "oid", "polrelid IN {relations}"),
    ("pg_statistic_ext", "oid", "stxrelid IN {relations}"),
    ("pg_description", "objoid", "objoid IN {relations}"),
    ("pg_type", "oid", "typnamespace IN {schemas}"),
    ("pg_proc", "oid", "pronamespace IN {schemas}"),
    ("pg_operator", "oid", "oprnamespace IN {schemas}"),
    ("pg_opclass", "oid", "opcnamespace IN {schemas}"),
    ("pg_opfamily", "oid", "opfnamespace IN {schemas}"),
    ("pg_collation", "oid", "collnamespace IN {schemas}"),
    ("pg_conversion", "oid", "connamespace IN {schemas}"),
    ("pg_partitioned_table", "partrelid", "partrelid IN {relations}"),
    ("pg_enum", "oid", "false"),
    ("pg_range", "rngtypid", "false"),
    ("pg_aggregate", "aggfnoid", "false"),
    ("pg_amop", "oid", "false"),
    ("pg_amproc", "oid", "false"),
    ("pg_cast", "oid", "false"),
    ("pg_language", "oid", "false"),
    ("pg_transform", "oid", "false"),
    ("pg_ts_config", "oid", "false"),
    ("pg_ts_config_map", "mapcfg", "false"),
    ("pg_ts_dict", "oid", "false"),
    ("pg_extension", "oid", "false"),
    ("pg_default_acl", "oid", "false"),
    ("pg_event_trigger", "oid", "false"),
    ("pg_publication", "oid", "false"),
    ("pg_publication_rel", "oid", "false"),
    ("pg_foreign_data_wrapper", "oid", "false"),
    ("pg_foreign_server", "oid", "false"),
    ("pg_foreign_table", "ftrelid", "false"),
];

/// Those that a reset, or a test without DDL, may write.
const ALSO_WRITTEN: &[&str] =
    &["pg_class.oid", "pg_trigger.oid", "pg_rewrite.oid", "pg_sequence.seqrelid"];

/// Whether a row `t` of `pg_trigger` is a user's; partitions have internal
/// copies of those of their parent (up to server 14).
pub(super) const IS_OF_USER: &str = "(NOT t.tgisinternal OR t.tgparentid <> 0 AND coalesce(\
    (SELECT k.contype FROM pg_constraint k WHERE k.oid = t.tgconstraint), 't') = 't')";

/// Few rows, built-in ones among them, so their transactions are read as text.
/// Large objects too: their numbers are chosen by the user.
const SMALL: &str = "(SELECT count(*) || ':' || sum(xmin::text::bigint) FROM pg_namespace \
      WHERE nspname !~ '^pg_(toast_)?temp_') || ' ' || \
    (SELECT count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) FROM pg_largeobject_metadata)";

/// Sums of transactions: `age` costs a tenth of reading them as text.
const BASE: &str = "(SELECT age('3'::xid)::bigint AS base OFFSET 0) now";

/// A query of one row: `glance`, and `newest`, the least age of any row; own
/// rows have age 0.
pub(super) fn glance() -> String {
    let written = WRITTEN_BY_DDL.iter().map(|(name, column, _)| (*name, *column));
    let also = ALSO_WRITTEN.iter().filter_map(|name| name.split_once('.'));
    let branches: Vec<String> = written
        .chain(also)
        .enumerate()
        .map(|(nth, (name, column))| {
            format!(
                "SELECT {nth} AS nth, count(*) AS n, sum(age(xmin)) AS ages, min(age(xmin)) AS newest \
                 FROM {name} WHERE {column} >= 16384"
            )
        })
        .collect();
    let all = branches.join(" UNION ALL ");
    format!(
        "SELECT string_agg(u.n || ':' || coalesce(u.n * now.base - u.ages, 0), ' ' ORDER BY u.nth) \
           || ' ' || {SMALL} AS glance, coalesce(min(u.newest), 0) AS newest \
         FROM ({all}) u CROSS JOIN {BASE}"
    )
}

/// A query of one text.
pub(super) fn fingerprint() -> String {
    let mut sql = format!("SELECT concat_ws(' ', {SMALL}");
    for (name, column, temporary) in WRITTEN_BY_DDL {
        let temporary = temporary
            .replace("{relations}", TEMPORARY_RELATIONS)
            .replace("{schemas}", TEMPORARY_SCHEMAS);
        let _ = write!(
            sql,
            ", (SELECT count(*) || ':' || coalesce(sum(now.base - age(xmin)), 0) FROM {name} \
               WHERE {column} >= 16384 AND NOT ({temporary}))"
        );
    }
    let mut content = |row: &str, from: &str| {
        let _ = write!(
            sql,
            ", (SELECT count(*) || ':' || coalesce(sum(hashtextextended({row}, 0)), 0) FROM {from})"
        );
    };
    // Without what TRUNCATE and VACUUM write; a materialized view is refreshed
    // by a new row in any case.
    content(
        "ROW(c.oid, relname, relnamespace, reltype, relowner, relam, reltablespace, relpersistence, \
          relkind, relnatts, relchecks, relrowsecurity, relforcerowsecurity, relreplident, \
          relispartition, relacl, reloptions, relpartbound, \
          CASE WHEN relkind = 'm' THEN ROW(relfilenode, c.xmin) END)::text",
        "pg_class c WHERE c.oid >= 16384 AND relpersistence <> 't'",
    );
    content("(s.*)::text", &format!("pg_sequence s WHERE s.seqrelid NOT IN {TEMPORARY_RELATIONS}"));
    // Our own triggers and the internal ones are never switched by a reset, so
    // who switched them off may have written unseen.
    let ours = "t.tgfoid = 'seedbed_truncate.note()'::regprocedure";
    content(
        &format!(
            "(t.*)::text || CASE WHEN {ours} OR NOT {IS_OF_USER} THEN t.xmin::text ELSE '' END"
        ),
        &format!("pg_trigger t WHERE t.tgrelid NOT IN {TEMPORARY_RELATIONS}"),
    );
    content(
        "(w.*)::text",
        &format!("pg_rewrite w WHERE w.oid >= 16384 AND w.ev_class NOT IN {TEMPORARY_RELATIONS}"),
    );
    let _ = write!(sql, ") FROM {BASE}");
    sql
}
