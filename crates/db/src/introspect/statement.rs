//! The statements that read the catalogs: one for each kind of thing, whatever
//! the number of things, all in one text and so in one round trip. The first
//! column of every row says which statement it is from.
//!
//! Expressions are read with an empty search path, so that whatever is not of
//! `pg_catalog` comes out qualified and means the same under any other path,
//! and with output settings that do not depend on the person. One setting is
//! left alone: `standard_conforming_strings`, because strings in expressions
//! are to be read under the setting they were written with.
//!
//! *Invariant*: settings are changed for the transaction only and put back at
//! the end, so that also an open transaction is left as it was. If a statement
//! fails, the end of that transaction, or of its savepoint, puts them back.

use seedbed_schema::quote_literal;

/// Settings that decide how the server writes expressions; and no machine code
/// for statements that each run once.
const SETTINGS: [(&str, &str); 8] = [
    ("search_path", ""),
    ("DateStyle", "ISO"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("quote_all_identifiers", "off"),
    ("jit", "off"),
];

/// Schemas of the server's and of Seedbed's; `pg_` is reserved for the former,
/// temporary ones among them.
pub(super) const HIDDEN_SCHEMAS: &str = "SELECT n.oid FROM pg_catalog.pg_namespace n \
    WHERE n.nspname LIKE 'pg\\_%' \
       OR n.nspname IN ('information_schema', 'seedbed_journal', 'seedbed_truncate')";

/// A unit separator stands between the items of a list.
pub(super) const SEPARATOR: char = '\u{1f}';

/// What is asked first: the settings as they are, the role, and the search
/// path's schemas that there are.
pub(super) fn surroundings() -> String {
    let names: Vec<String> = SETTINGS.iter().map(|(name, _)| quote_literal(name)).collect();
    let names = names.join(", ");
    format!(
        "SELECT 'setting', s, pg_catalog.current_setting(s) \
           FROM pg_catalog.unnest(ARRAY[{names}]) s;
         SELECT 'role', CURRENT_USER, NULL;
         SELECT 'path', p, NULL \
           FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY u (p, n) \
          ORDER BY n"
    )
}

/// Everything else, for a server of a major version; `before` are the settings
/// to put back.
pub(super) fn catalogs(version: u16, before: &[(String, String)]) -> String {
    let since = |first: u16, there: &str, otherwise: &str| {
        if version >= first { there.to_owned() } else { otherwise.to_owned() }
    };
    let nulls_not_distinct = since(15, "i.indnullsnotdistinct", "false");
    let enforced = since(18, "k.conenforced", "true");
    let period = since(18, "k.conperiod", "false");
    let multirange = since(14, "r.rngmultitypid", "r.rngtypid");
    let attached = since(14, "AND NOT i.inhdetachpending", "");
    let hidden = HIDDEN_SCHEMAS;
    let changes = changes(before);
    let texts = [
        set(changes.iter().map(|(name, wanted, _)| (*name, *wanted))),
        relations(hidden),
        others(hidden),
        format!(
            "SELECT 'column', a.attrelid, a.attnum, a.attname, quote_ident(a.attname), a.atttypid, \
                a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
                pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attcollation \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
               LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'c') \
               AND (c.relkind = 'c' OR c.relnamespace NOT IN ({hidden})) \
             ORDER BY a.attrelid, a.attnum"
        ),
        format!(
            "SELECT 'index', i.indexrelid, i.indrelid, c.relname, i.indisprimary, i.indimmediate, \
                {nulls_not_distinct}, i.indisexclusion, i.indnkeyatts, i.indkey, i.indexprs, \
                i.indpred, pg_get_expr(i.indpred, i.indrelid), \
                CASE WHEN i.indexprs IS NOT NULL THEN \
                  (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true), '{SEPARATOR}' ORDER BY n) \
                     FROM generate_series(1, i.indnkeyatts::int) n) END \
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE (i.indisunique OR i.indisexclusion) AND i.indisvalid AND i.indisready \
               AND i.indislive AND c.relnamespace NOT IN ({hidden})"
        ),
        format!(
            "SELECT 'constraint', k.oid, k.conname, k.contype, k.conrelid, k.contypid, k.conindid, \
                k.confrelid, k.conparentid, array_to_string(k.conkey, ' '), \
                array_to_string(k.confkey, ' '), k.condeferrable, k.condeferred, k.confmatchtype, \
                k.confdeltype, {enforced}, {period}, \
                CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) END, \
                CASE WHEN k.conexclop IS NOT NULL THEN \
                  (SELECT string_agg(CASE n.nspname WHEN 'pg_catalog' THEN o.oprname \
                      ELSE 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' END, \
                      '{SEPARATOR}' ORDER BY u.n) \
                   FROM unnest(k.conexclop) WITH ORDINALITY u (o, n) \
                     JOIN pg_operator o ON o.oid = u.o \
                     JOIN pg_namespace n ON n.oid = o.oprnamespace) END \
             FROM pg_constraint k WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') \
               AND (k.contypid <> 0 OR k.connamespace NOT IN ({hidden}))"
        ),
        triggers(hidden),
        format!(
            "WITH RECURSIVE tree AS ( \
                SELECT c.oid AS root, i.inhrelid AS part FROM pg_class c \
                  JOIN pg_inherits i ON i.inhparent = c.oid {attached} WHERE c.relkind = 'p' \
                UNION ALL \
                SELECT t.root, i.inhrelid FROM tree t \
                  JOIN pg_inherits i ON i.inhparent = t.part {attached}) \
             SELECT 'partition', t.root, t.part, pg_get_partition_constraintdef(t.part) \
             FROM tree t JOIN pg_class c ON c.oid = t.part WHERE c.relkind IN ('r', 'f')"
        ),
        kinds_of_values(hidden, &multirange),
        "SELECT 'label', e.enumtypid, e.enumlabel FROM pg_enum e \
         ORDER BY e.enumtypid, e.enumsortorder"
            .to_owned(),
        "SELECT 'collation', c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.collname), \
            c.collisdeterministic \
         FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace \
         WHERE c.oid IN (SELECT a.attcollation FROM pg_attribute a WHERE a.attcollation <> 100)"
            .to_owned(),
        "SELECT 'comment', d.objoid, d.objsubid, d.description FROM pg_description d \
         WHERE d.classoid = 'pg_class'::regclass AND d.objoid >= 16384"
            .to_owned(),
        set(changes.iter().map(|(name, _, before)| (*name, *before))),
    ];
    texts.join(";\n")
}

/// Settings that have to be changed: name, what is wanted, what is now.
fn changes(before: &[(String, String)]) -> Vec<(&str, &'static str, &str)> {
    let wanted = |name: &str| SETTINGS.iter().find(|(known, _)| *known == name);
    // A style of dates has the order of its fields behind it: `ISO, MDY`.
    let is = |value: &str, wanted: &str| {
        value.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
    };
    before
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), wanted(name)?.1, value.as_str())))
        .filter(|(_, wanted, value)| !is(value, wanted))
        .collect()
}

fn set<'a>(settings: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    settings.fold("SELECT 'set'".to_owned(), |sql, (name, value)| {
        let (name, value) = (quote_literal(name), quote_literal(value));
        format!("{sql}, pg_catalog.set_config({name}, {value}, true)")
    })
}

/// Bit 3 of `pg_relation_is_updatable` is INSERT. Views that take no rows are
/// left out; `ev_action` is there for those that the server updates by itself.
fn relations(hidden: &str) -> String {
    format!(
        "SELECT 'relation', c.oid, n.nspname, c.relname, c.relkind, c.relispartition, \
            c.relrowsecurity, \
            has_schema_privilege(n.oid, 'USAGE') AND (has_table_privilege(c.oid, 'SELECT') \
              OR has_any_column_privilege(c.oid, 'SELECT')), \
            has_schema_privilege(n.oid, 'USAGE') AND (has_table_privilege(c.oid, 'INSERT') \
              OR has_any_column_privilege(c.oid, 'INSERT')), \
            e.objid IS NOT NULL, c.relkind <> 'p' AND c.relhassubclass \
              AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid), \
            p.partattrs, pg_get_expr(p.partexprs, p.partrelid), \
            CASE WHEN c.relkind = 'v' AND pg_relation_is_updatable(c.oid, false) & 8 <> 0 \
                AND NOT EXISTS (SELECT FROM pg_rewrite o WHERE o.ev_class = c.oid \
                  AND o.rulename <> '_RETURN' AND o.is_instead) \
                AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid \
                  AND t.tgtype & 68 = 68) \
              THEN (SELECT w.ev_action FROM pg_rewrite w \
                WHERE w.ev_class = c.oid AND w.rulename = '_RETURN') END \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid \
           LEFT JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = c.oid \
             AND e.objsubid = 0 AND e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e' \
         WHERE c.relkind IN ('r', 'p', 'f', 'v') AND c.relpersistence <> 't' \
           AND n.oid NOT IN ({hidden}) \
           AND (c.relkind <> 'v' OR pg_relation_is_updatable(c.oid, true) & 8 <> 0)"
    )
}

/// What looks like a table and takes no rows; told who names it. It is no part
/// of the fingerprint: `REFRESH` would change that.
fn others(hidden: &str) -> String {
    format!(
        "SELECT 'other', n.nspname, c.relname, c.relkind \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('m', 'v') AND c.relpersistence <> 't' AND n.oid NOT IN ({hidden}) \
           AND (c.relkind = 'm' OR pg_relation_is_updatable(c.oid, true) & 8 = 0)"
    )
}

/// Row triggers (1) that are BEFORE (2) or INSTEAD OF (64), on INSERT (4) or
/// UPDATE (16), and statement triggers on INSERT. Servers 13 and 14 call a partition's copy of its parent's
/// trigger internal. Where a trigger has a condition, `IF` stands before the source
/// of its function.
fn triggers(hidden: &str) -> String {
    format!(
        "SELECT 'trigger', t.tgrelid, t.tgname, t.tgtype, \
           CASE WHEN t.tgqual IS NULL THEN '' ELSE 'IF ' END || p.prosrc \
         FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
         WHERE CASE t.tgtype & 1 WHEN 1 THEN t.tgtype & 66 <> 0 AND t.tgtype & 20 <> 0 \
             ELSE t.tgtype & 4 <> 0 END \
           AND (NOT t.tgisinternal OR t.tgparentid <> 0) AND t.tgenabled IN ('O', 'A') \
           AND p.pronamespace NOT IN (SELECT n.oid FROM pg_namespace n \
             WHERE n.oid IN ({hidden}) AND n.nspname LIKE 'seedbed%')"
    )
}

/// Types, without the row types of tables and their arrays that no column is of.
fn kinds_of_values(hidden: &str, multirange: &str) -> String {
    format!(
        "WITH taken AS MATERIALIZED ( \
            SELECT a.atttypid AS oid FROM pg_attribute a WHERE a.attnum > 0 \
            UNION SELECT b.typbasetype FROM pg_type b WHERE b.typtype = 'd' \
            UNION SELECT r.rngsubtype FROM pg_range r) \
         SELECT 'type', t.oid, n.nspname, t.typname, t.typtype, t.typelem, \
            t.typbasetype, t.typtypmod, \
            format_type(coalesce(r.rngsubtype, t.typbasetype), t.typtypmod), t.typnotnull, \
            t.typdefault IS NOT NULL, pg_get_expr(t.typdefaultbin, 0), t.typcollation, \
            t.typrelid, r.rngsubtype, \
            n.oid NOT IN ({hidden}) AND (t.typtype <> 'c' OR c.relkind = 'c') AND e.objid IS NULL \
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
           LEFT JOIN pg_class c ON c.oid = t.typrelid \
           LEFT JOIN pg_range r ON t.oid = CASE t.typtype WHEN 'm' THEN {multirange} \
             ELSE r.rngtypid END \
           LEFT JOIN pg_depend e ON e.classid = 'pg_type'::regclass AND e.objid = t.oid \
             AND e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e' \
         WHERE (c.oid IS NULL OR c.relkind = 'c' OR t.oid IN (SELECT oid FROM taken) \
             OR t.typarray IN (SELECT oid FROM taken)) \
           AND (t.typelem = 0 OR t.typcategory <> 'A' OR t.oid < 16384 \
             OR t.oid IN (SELECT oid FROM taken))"
    )
}
