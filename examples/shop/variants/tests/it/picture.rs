//! All of a database in a few lines: a count and a hash of every table's rows, every sequence, and
//! a hash of the names in its catalogues.

use std::collections::BTreeMap;

use postgres::Client;

/// By name: a count and a hash of rows; a value and whether it was called.
pub type Picture = BTreeMap<String, (String, String)>;

const RELATIONS: &str = "SELECT relname::text, relkind::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm', 'S')";

/// What no table shows. The triggers of the journal are not the schema's.
const CATALOGUES: &str = "SELECT 'catalogues', count(*)::text, md5(string_agg(x, ' ' ORDER BY x COLLATE \"C\")) FROM (
    SELECT concat(relname, relkind, relpersistence, relacl, relrowsecurity, relhassubclass, reloptions)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(attrelid::regclass, attname, atttypid::regtype, attnotnull, attacl, attstattarget)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT concat(conname, conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat(proname, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat(tgname, tgrelid::regclass, tgenabled) FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid
    WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat(enumlabel, enumtypid::regtype) FROM pg_enum
    UNION ALL SELECT concat(typname, typtype) FROM pg_type WHERE typnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(polname, polcmd) FROM pg_policy
    UNION ALL SELECT concat(stxname) FROM pg_statistic_ext
    UNION ALL SELECT concat(rulename, ev_class::regclass) FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(objoid::regclass, objsubid, description) FROM pg_description
    WHERE classoid = 'pg_class'::regclass AND objoid::regclass::text IN
        (SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT concat(parameters, setdatabase = 0) FROM pg_db_role_setting, unnest(setconfig) parameters
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    UNION ALL SELECT concat(nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|seedbed)'
) all_names (x)";

/// Takes one.
pub fn take(client: &mut Client) -> Picture {
    let mut parts = vec![CATALOGUES.to_owned()];
    for row in client.query(RELATIONS, &[]).unwrap() {
        let (name, kind) = (row.get::<_, String>(0), row.get::<_, String>(1));
        parts.push(if kind == "S" {
            format!("SELECT '{name}', last_value::text, is_called::text FROM \"{name}\"")
        } else {
            format!(
                "SELECT '{name}', count(*)::text, md5(coalesce(string_agg(t::text, chr(10) \
                 ORDER BY t::text COLLATE \"C\"), '')) FROM ONLY \"{name}\" t"
            )
        });
    }
    let rows = client.query(&parts.join(" UNION ALL "), &[]).unwrap();
    rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect()
}

/// Rows of the template; every other table is empty.
const TEMPLATE_ROWS: [(&str, &str); 6] = [
    ("categories", "6"),
    ("countries", "7"),
    ("currencies", "5"),
    ("price_lists", "1"),
    ("shipping_methods", "3"),
    ("tax_rates", "10"),
];
/// Where sequences of the template stand; every other is at 1 and was never called.
const TEMPLATE_SEQUENCES: [(&str, (&str, &str)); 3] = [
    ("categories_id_seq", ("6", "true")),
    ("order_numbers", ("1000", "false")),
    ("price_lists_id_seq", ("1", "true")),
];

/// Sees that a database is as its template.
pub fn check_template(client: &mut Client) {
    let picture = take(client);
    assert_eq!(picture.len(), 1 + 37 + 1 + 23, "tables, a materialized view and sequences");
    for (name, (count, rest)) in picture.iter().filter(|(name, _)| *name != "catalogues") {
        if name.ends_with("_seq") || name == "order_numbers" {
            let special = TEMPLATE_SEQUENCES.iter().find(|(sequence, _)| sequence == name);
            let expected = special.map_or(("1", "false"), |(_, state)| *state);
            assert_eq!((count.as_str(), rest.as_str()), expected, "{name} is not as the template");
        } else {
            let special = TEMPLATE_ROWS.iter().find(|(table, _)| table == name);
            let expected = special.map_or("0", |(_, count)| *count);
            assert_eq!(count, expected, "rows of {name} are not as the template");
        }
    }
}
