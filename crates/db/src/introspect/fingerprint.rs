//! Whether a schema may have changed, for a few milliseconds: one sum of hashes
//! for each catalog, over what the schema is made from and nothing else.
//!
//! The rows' transactions (`xmin`) would be cheaper still and do not do: a
//! TRUNCATE writes new rows where nothing changed, and two servers made from
//! the same files give the same numbers to different migrations.
//!
//! *Invariant*: no column that VACUUM, ANALYZE, TRUNCATE, REINDEX or the writing
//! of rows changes.

use std::fmt::Write as _;

use super::statement::HIDDEN_SCHEMAS;

/// A catalog, which of its rows count, and what of them.
struct Summed {
    catalog: &'static str,
    rows: &'static str,
    /// Numbers and flags with their width in bits, 64 for a group at most. None
    /// of them is NULL.
    numbers: &'static [&'static [(&'static str, u8)]],
    /// May be NULL.
    texts: &'static [&'static str],
    /// From some version on: numbers of one bit.
    later: &'static [(u16, &'static str)],
}

const PLAIN: Summed = Summed { catalog: "", rows: "", numbers: &[], texts: &[], later: &[] };

/// `seen` are the tables, views and composite types that matter, `hidden` the
/// schemas that do not. Numbers of built-in objects are below 16384.
const SUMMED: &[Summed] = &[
    Summed {
        catalog: "pg_namespace",
        rows: "oid NOT IN (SELECT oid FROM hidden)",
        numbers: &[&[("oid", 32), ("has_schema_privilege(oid, 'USAGE')", 1)]],
        texts: &["nspname"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_class",
        rows: "relkind NOT IN ('t', 'm') AND relpersistence <> 't' \
            AND relnamespace NOT IN (SELECT oid FROM hidden)",
        numbers: &[
            &[("oid", 32), ("relnamespace", 32)],
            &[("relkind::int", 8), ("relispartition", 1), ("relrowsecurity", 1)],
        ],
        texts: &["relname", "relpartbound"],
        ..PLAIN
    },
    Summed {
        catalog: "seen",
        rows: "kind <> 'c'",
        numbers: &[&[
            ("oid", 32),
            ("has_table_privilege(oid, 'SELECT') OR has_any_column_privilege(oid, 'SELECT')", 1),
            ("has_table_privilege(oid, 'INSERT') OR has_any_column_privilege(oid, 'INSERT')", 1),
        ]],
        ..PLAIN
    },
    Summed {
        catalog: "pg_attribute",
        rows: "attnum > 0 AND attrelid IN (SELECT oid FROM seen)",
        numbers: &[
            &[("attrelid", 32), ("atttypid", 32)],
            &[("atttypmod", 32), ("attcollation", 32)],
            &[
                ("attnum", 16),
                ("attnotnull", 1),
                ("attisdropped", 1),
                ("attidentity::int", 8),
                ("attgenerated::int", 8),
            ],
        ],
        texts: &["attname"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_attrdef",
        rows: "adrelid IN (SELECT oid FROM seen)",
        numbers: &[&[("adrelid", 32), ("adnum", 16)]],
        texts: &["adbin"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_index",
        rows: "indrelid IN (SELECT oid FROM seen)",
        numbers: &[
            &[("indrelid", 32), ("indexrelid", 32)],
            &[
                ("indnkeyatts", 16),
                ("indisunique", 1),
                ("indisprimary", 1),
                ("indisexclusion", 1),
                ("indimmediate", 1),
                ("indisvalid", 1),
                ("indisready", 1),
                ("indislive", 1),
            ],
        ],
        texts: &["indkey", "indexprs", "indpred"],
        later: &[(15, "indnullsnotdistinct")],
        ..PLAIN
    },
    Summed {
        catalog: "pg_constraint",
        rows: "conrelid IN (SELECT oid FROM seen) OR contypid <> 0",
        numbers: &[
            &[("oid", 32), ("conrelid", 32)],
            &[("contypid", 32), ("conindid", 32)],
            &[("confrelid", 32), ("conparentid", 32)],
            &[
                ("contype::int", 8),
                ("confmatchtype::int", 8),
                ("confdeltype::int", 8),
                ("condeferrable", 1),
                ("condeferred", 1),
            ],
        ],
        texts: &["conname", "conkey", "confkey", "conexclop", "conbin"],
        later: &[(18, "conenforced"), (18, "conperiod")],
        ..PLAIN
    },
    Summed {
        catalog: "pg_trigger",
        rows: "tgrelid IN (SELECT oid FROM seen)",
        numbers: &[
            &[("oid", 32), ("tgrelid", 32)],
            &[("tgfoid", 32), ("tgparentid", 32)],
            &[("tgtype", 16), ("tgisinternal", 1), ("tgenabled::int", 8)],
        ],
        texts: &["tgname"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_policy",
        rows: "polrelid IN (SELECT oid FROM seen)",
        texts: &["ROW(it.*)"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_inherits",
        rows: "inhrelid IN (SELECT oid FROM seen)",
        texts: &["ROW(it.*)"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_partitioned_table",
        rows: "partrelid IN (SELECT oid FROM seen)",
        numbers: &[&[("partrelid", 32), ("partstrat::int", 8)]],
        texts: &["partattrs", "partexprs"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_rewrite",
        rows: "ev_class IN (SELECT oid FROM seen)",
        numbers: &[&[("ev_class", 32), ("ev_enabled::int", 8), ("is_instead", 1)]],
        texts: &["ev_action"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_description",
        rows: "classoid = 'pg_class'::regclass AND objoid IN (SELECT oid FROM seen)",
        numbers: &[&[("objoid", 32), ("objsubid", 32)]],
        texts: &["description"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_type",
        rows: "oid >= 16384 AND typnamespace NOT IN (SELECT oid FROM hidden)",
        numbers: &[
            &[("oid", 32), ("typnamespace", 32)],
            &[("typbasetype", 32), ("typtypmod", 32)],
            &[("typcollation", 32), ("typelem", 32)],
            &[("typtype::int", 8), ("typnotnull", 1)],
        ],
        texts: &["typname", "typdefault"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_enum",
        rows: "oid >= 16384",
        numbers: &[&[("oid", 32), ("enumtypid", 32)]],
        texts: &["enumlabel", "enumsortorder"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_range",
        rows: "rngtypid >= 16384",
        numbers: &[&[("rngtypid", 32), ("rngsubtype", 32)]],
        ..PLAIN
    },
    Summed {
        catalog: "pg_collation",
        rows: "oid >= 16384",
        numbers: &[&[("oid", 32), ("collnamespace", 31), ("collisdeterministic", 1)]],
        texts: &["collname"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_operator",
        rows: "oid >= 16384",
        numbers: &[&[("oid", 32), ("oprnamespace", 32)]],
        texts: &["oprname"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_proc",
        rows: "oid >= 16384 AND pronamespace NOT IN (SELECT oid FROM hidden)",
        numbers: &[&[("oid", 32), ("pronamespace", 32)]],
        texts: &["proname"],
        ..PLAIN
    },
    Summed {
        catalog: "pg_depend",
        rows: "refclassid = 'pg_extension'::regclass AND deptype = 'e'",
        numbers: &[&[("classid", 32), ("objid", 32)]],
        ..PLAIN
    },
];

impl Summed {
    /// A subquery of one text.
    fn sql(&self, version: u16) -> String {
        let mut hash = "0".to_owned();
        for group in self.numbers {
            hash = format!("hashint8extended({}, {hash})", packed(group.iter().copied()));
        }
        let later: Vec<_> = self.later.iter().filter(|(first, _)| version >= *first).collect();
        if !later.is_empty() {
            let flags = packed(later.iter().map(|(_, flag)| (*flag, 1)));
            hash = format!("hashint8extended({flags}, {hash})");
        }
        for text in self.texts {
            hash = format!("hashtextextended(coalesce(({text})::text, ''), {hash})");
        }
        let Self { catalog, rows, .. } = self;
        let from = if *catalog == "seen" {
            (*catalog).to_owned()
        } else {
            format!("pg_catalog.{catalog}")
        };
        format!("(SELECT count(*) || ':' || coalesce(sum({hash}), 0) FROM {from} it WHERE {rows})")
    }
}

/// Numbers and flags side by side in one of 64 bits.
fn packed<'a>(parts: impl Iterator<Item = (&'a str, u8)>) -> String {
    let mut sql = String::new();
    let mut shift = 0;
    for (expression, width) in parts {
        let joint = if shift == 0 { "" } else { " | " };
        let number = if width == 1 { "::int::int8" } else { "::int8" };
        let mask = (1_u64 << width) - 1;
        let _ = write!(sql, "{joint}((({expression}){number} & {mask}) << {shift})");
        shift += width;
    }
    sql
}

/// A query of one text.
pub(super) fn query(version: u16) -> String {
    let sums: Vec<String> = SUMMED.iter().map(|summed| summed.sql(version)).collect();
    let sums = sums.join(", ");
    format!(
        "WITH hidden AS MATERIALIZED ({HIDDEN_SCHEMAS}), seen AS MATERIALIZED ( \
           SELECT c.oid, c.relkind AS kind FROM pg_catalog.pg_class c \
           WHERE c.relkind IN ('r', 'p', 'f', 'v', 'c') AND c.relpersistence <> 't' \
             AND c.relnamespace NOT IN (SELECT oid FROM hidden)) \
         SELECT concat_ws(' ', current_setting('server_version_num'), \
           hashtextextended(concat_ws(' ', current_user, current_setting('search_path'), \
             array_to_string(current_schemas(false), ' ')), 0), {sums})"
    )
}
