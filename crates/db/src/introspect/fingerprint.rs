//! Whether a schema may have changed, for a few milliseconds: one sum of hashes
//! for each catalog, over what the schema is made from and nothing else.
//!
//! The rows' transactions (`xmin`) would be cheaper still and do not do: a
//! TRUNCATE writes new rows where nothing changed, and two servers made from
//! the same files give the same numbers to different migrations.
//!
//! *Invariant*: no column that VACUUM, ANALYZE, TRUNCATE, REINDEX or the writing
//! of rows changes.

use super::statement::HIDDEN_SCHEMAS;

/// Something that is hashed: an expression that is never NULL, or one that
/// may be.
enum Field {
    Oid(&'static str),
    Name(&'static str),
    Char(&'static str),
    Int2(&'static str),
    Int4(&'static str),
    /// An array, or NULL.
    List(&'static str),
    /// A text or what is stored as one, or NULL.
    Text(&'static str),
    /// Flags.
    Bits(&'static [&'static str]),
    /// A flag that is there from a version on.
    Later(u16, &'static str),
}

use Field::{Bits, Char, Int2, Int4, Later, List, Name, Oid, Text};

/// A catalog, which of its rows count, and what of them.
struct Summed {
    catalog: &'static str,
    rows: &'static str,
    fields: &'static [Field],
}

/// `seen` are the tables, views and composite types that matter, `unseen` those
/// that do not, `hidden` the latter's schemas. Numbers of built-in objects are below 16384.
const SUMMED: &[Summed] = &[
    Summed {
        catalog: "pg_catalog.pg_namespace",
        rows: "oid NOT IN (SELECT oid FROM hidden)",
        fields: &[Oid("oid"), Bits(&["has_schema_privilege(oid, 'USAGE')"]), Name("nspname")],
    },
    Summed {
        catalog: "pg_catalog.pg_class",
        rows: "relkind NOT IN ('t', 'm') AND relpersistence <> 't' \
            AND relnamespace NOT IN (SELECT oid FROM hidden)",
        fields: &[
            Oid("oid"),
            Oid("relnamespace"),
            Char("relkind"),
            Bits(&["relispartition", "relrowsecurity"]),
            Name("relname"),
            Text("relpartbound"),
        ],
    },
    Summed {
        catalog: "seen",
        rows: "kind <> 'c'",
        fields: &[
            Oid("oid"),
            Bits(&[
                "has_table_privilege(oid, 'SELECT') OR has_any_column_privilege(oid, 'SELECT')",
                "has_table_privilege(oid, 'INSERT') OR has_any_column_privilege(oid, 'INSERT')",
            ]),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_attribute",
        rows: "attnum > 0 AND attrelid >= 16384 AND attrelid IN (SELECT oid FROM seen)",
        fields: &[
            Oid("attrelid"),
            Int2("attnum"),
            Oid("atttypid"),
            Int4("atttypmod"),
            Oid("attcollation"),
            Char("attidentity"),
            Char("attgenerated"),
            Bits(&["attnotnull", "attisdropped"]),
            Name("attname"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_attrdef",
        rows: "adrelid >= 16384 AND adrelid NOT IN (SELECT oid FROM unseen)",
        fields: &[Oid("adrelid"), Int2("adnum"), Text("adbin")],
    },
    Summed {
        catalog: "pg_catalog.pg_index",
        // Tables for large values have unique indexes too.
        rows: "(indisunique OR indisexclusion) AND indrelid IN (SELECT oid FROM seen)",
        fields: &[
            Oid("indrelid"),
            Oid("indexrelid"),
            Int2("indnkeyatts"),
            Bits(&[
                "indisprimary",
                "indisexclusion",
                "indimmediate",
                "indisvalid",
                "indisready",
                "indislive",
            ]),
            Later(15, "indnullsnotdistinct"),
            List("indkey::int2[]"),
            Text("indexprs"),
            Text("indpred"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_constraint",
        rows: "oid >= 16384 AND conrelid NOT IN (SELECT oid FROM unseen)",
        fields: &[
            Oid("oid"),
            Oid("conrelid"),
            Oid("contypid"),
            Oid("conindid"),
            Oid("confrelid"),
            Char("contype"),
            Char("confmatchtype"),
            Char("confdeltype"),
            Bits(&["condeferrable", "condeferred"]),
            Later(18, "conenforced"),
            Later(18, "conperiod"),
            Name("conname"),
            List("conkey"),
            List("confkey"),
            List("conexclop"),
            Text("conbin"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_trigger",
        rows: "(NOT tgisinternal OR tgparentid <> 0) AND tgrelid NOT IN (SELECT oid FROM unseen)",
        fields: &[
            Oid("oid"),
            Oid("tgrelid"),
            Oid("tgfoid"),
            Int2("tgtype"),
            Char("tgenabled"),
            Name("tgname"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_policy",
        rows: "polrelid >= 16384 AND polrelid NOT IN (SELECT oid FROM unseen)",
        fields: &[Text("ROW(it.*)")],
    },
    Summed {
        catalog: "pg_catalog.pg_inherits",
        rows: "inhrelid >= 16384 AND inhrelid NOT IN (SELECT oid FROM unseen)",
        fields: &[Text("ROW(it.*)")],
    },
    Summed {
        catalog: "pg_catalog.pg_partitioned_table",
        rows: "partrelid >= 16384 AND partrelid NOT IN (SELECT oid FROM unseen)",
        fields: &[Oid("partrelid"), List("partattrs::int2[]"), Text("partexprs")],
    },
    Summed {
        catalog: "pg_catalog.pg_rewrite",
        rows: "ev_class >= 16384 AND ev_class NOT IN (SELECT oid FROM unseen)",
        fields: &[
            Oid("oid"),
            Oid("ev_class"),
            Char("ev_type"),
            Char("ev_enabled"),
            Bits(&["is_instead"]),
            Text("ev_qual"),
            Text("ev_action"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_description",
        rows: "objoid >= 16384 AND classoid = 'pg_catalog.pg_class'::regclass \
            AND objoid NOT IN (SELECT oid FROM unseen)",
        fields: &[Oid("objoid"), Int4("objsubid"), Text("description")],
    },
    Summed {
        catalog: "pg_catalog.pg_type",
        rows: "oid >= 16384 AND typtype <> 'c' AND typcategory <> 'A' \
            AND typnamespace NOT IN (SELECT oid FROM hidden)",
        fields: &[
            Oid("oid"),
            Oid("typnamespace"),
            Char("typtype"),
            Oid("typbasetype"),
            Int4("typtypmod"),
            Oid("typcollation"),
            Bits(&["typnotnull"]),
            Name("typname"),
            Text("typdefaultbin"),
            Text("typdefault"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_enum",
        rows: "oid >= 16384",
        fields: &[Oid("oid"), Oid("enumtypid"), Name("enumlabel"), Text("enumsortorder")],
    },
    Summed {
        catalog: "pg_catalog.pg_range",
        rows: "rngtypid >= 16384",
        fields: &[Oid("rngtypid"), Oid("rngsubtype")],
    },
    Summed {
        catalog: "pg_catalog.pg_collation",
        rows: "oid >= 16384",
        fields: &[
            Oid("oid"),
            Oid("collnamespace"),
            Bits(&["collisdeterministic"]),
            Name("collname"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_operator",
        rows: "oid >= 16384",
        fields: &[Oid("oid"), Oid("oprnamespace"), Name("oprname")],
    },
    Summed {
        catalog: "pg_catalog.pg_proc",
        rows: "oid >= 16384 AND pronamespace NOT IN (SELECT oid FROM hidden)",
        fields: &[
            Oid("oid"),
            Oid("pronamespace"),
            Name("proname"),
            // Of those of triggers it is read what they assign to.
            Text("CASE WHEN prorettype = 'pg_catalog.trigger'::regtype THEN prosrc END"),
        ],
    },
    Summed {
        catalog: "pg_catalog.pg_depend",
        rows: "refclassid = 'pg_catalog.pg_extension'::regclass AND deptype = 'e'",
        fields: &[Oid("classid"), Oid("objid")],
    },
];

impl Field {
    /// The hash of the field on top of that of those before it.
    fn onto(&self, before: &str, at: usize) -> String {
        match self {
            Oid(field) => format!("hashoidextended({field}, {before})"),
            Name(field) => format!("hashnameextended({field}, {before})"),
            Char(field) => format!("hashcharextended({field}, {before})"),
            Int2(field) => format!("hashint2extended({field}, {before})"),
            Int4(field) => format!("hashint4extended({field}, {before})"),
            // Nothing is called for NULL, which is what most of these are.
            List(field) => format!("({before} # coalesce(hash_array_extended({field}, {at}), 0))"),
            Text(field) => {
                format!("({before} # coalesce(hashtextextended(({field})::text, {at}), 0))")
            }
            Bits(flags) => {
                let bits = flags.iter().enumerate();
                let bits: Vec<String> =
                    bits.map(|(at, flag)| format!("({flag})::int * {}", 1 << at)).collect();
                format!("hashint4extended({}, {before})", bits.join(" + "))
            }
            Later(_, flag) => format!("hashint4extended({flag}::int, {before})"),
        }
    }
}

impl Summed {
    /// A subquery of one text.
    fn sql(&self, version: u16) -> String {
        let there = |field: &&Field| !matches!(field, Later(first, _) if version < *first);
        let fields = self.fields.iter().filter(there).enumerate();
        let hash = fields.fold("0".to_owned(), |before, (at, field)| field.onto(&before, at));
        let Self { catalog, rows, .. } = self;
        format!(
            "(SELECT count(*) || ':' || coalesce(sum({hash}), 0) FROM {catalog} it WHERE {rows})"
        )
    }
}

/// A query of one text.
pub(super) fn query(version: u16) -> String {
    let sums: Vec<String> = SUMMED.iter().map(|summed| summed.sql(version)).collect();
    let sums = sums.join(", ");
    format!(
        "WITH hidden AS MATERIALIZED ({HIDDEN_SCHEMAS}), seen AS MATERIALIZED ( \
           SELECT c.oid, c.relkind AS kind FROM pg_catalog.pg_class c \
           WHERE c.relkind IN ('r', 'p', 'f', 'v', 'c') AND c.relpersistence <> 't' \
             AND c.relnamespace NOT IN (SELECT oid FROM hidden)), unseen AS MATERIALIZED ( \
           SELECT c.oid FROM pg_catalog.pg_class c \
           WHERE c.relkind IN ('r', 'p', 'f', 'v', 'c') AND c.oid >= 16384 \
             AND (c.relpersistence = 't' OR c.relnamespace IN (SELECT oid FROM hidden))) \
         SELECT concat_ws(' ', current_setting('server_version_num'), \
           hashtextextended(concat_ws(' ', current_user, current_setting('search_path'), \
             array_to_string(current_schemas(false), ' ')), 0), {sums})"
    )
}
