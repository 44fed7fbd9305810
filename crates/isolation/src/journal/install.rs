//! Putting the journal into a database and taking it out again.
//!
//! A table of its own gets statement triggers with transition tables, a member
//! of a partition or inheritance tree one row trigger. All are ENABLE ALWAYS:
//! an application that sets `session_replication_role` must not slip through.
//! The off-switch is inside the functions: a WHEN clause is evaluated for each
//! row of a cascade. One set of functions serves all tables with the same key
//! columns, because plpgsql compiles a trigger function once for each table.

use std::collections::HashMap;
use std::fmt::Write as _;

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_db::{Complaint, Session, quote_literal};

use super::catalog::{self, SequenceRow, Table};
use super::relation;

/// Version of what is baked; another one is baked anew.
pub(crate) const FORMAT: u32 = 2;
/// Settings that decide how a row is written as text; `plan_cache_mode`
/// because a generic plan halves the cost of a trigger.
const PINS: &str = "SET search_path = '' SET timezone = 'UTC' SET datestyle = 'ISO, MDY' \
    SET intervalstyle = 'postgres' SET extra_float_digits = 1 SET bytea_output = 'hex' \
    SET quote_all_identifiers = off SET plan_cache_mode = force_generic_plan";
/// As above, where a column of type `money` exists.
const MONEY_PIN: &str = " SET lc_monetary = 'C'";
/// The rows of a larger table are not kept before a TRUNCATE.
const TRUNCATE_BYTES_MAX: u32 = 4 * 1024 * 1024;
const IS_ON: &str = "pg_catalog.current_setting('seedbed.journal_off', true) IS DISTINCT FROM '1'";

/// What a template was given.
#[derive(Debug)]
pub struct Baked {
    /// Tables whose changes are journaled.
    pub tables: usize,
    /// Tables whose changes make a rewind impossible, each with the reason.
    pub not_rewindable: Vec<(String, String)>,
}

/// Puts the journal into the database of `session`, which must not be inside a
/// transaction: to be done after migrations and seeds and before the template
/// is sealed. What an earlier call left is replaced. Cache sizes of sequences
/// become 1.
///
/// # Errors
/// `Kind::Refused` if the role may not do this: it takes a superuser, because
/// event triggers do. Else those of [`Session::batch`]; nothing is left then.
pub async fn bake(session: &Session, listener: &dyn Listener) -> Result<Baked> {
    let baked = within(session, bake_inside(session)).await?;
    for (name, why) in &baked.not_rewindable {
        listener.notice(format!("`{name}` cannot be rewound: {why}"));
    }
    Ok(baked)
}

/// Removes every trace of the journal from the database of `session`, so that
/// it can be dumped; sequences get their cache sizes back. Does nothing where
/// there is no journal.
///
/// # Errors
/// As [`bake`].
pub async fn strip(session: &Session) -> Result<()> {
    within(session, session.batch(include_str!("sql/strip.sql"))).await
}

/// Runs `work` in a transaction of its own, with names written in full and
/// without the user's own event triggers.
async fn within<T>(session: &Session, work: impl Future<Output = Result<T>>) -> Result<T> {
    let begin = "BEGIN; SET LOCAL search_path = ''; SET LOCAL client_min_messages = warning; \
                 SET LOCAL session_replication_role = replica";
    let done = async {
        session.batch(begin).await?;
        let value = work.await?;
        session.batch("COMMIT").await?;
        Ok(value)
    }
    .await;
    let failure: Failure = match done {
        Ok(value) => return Ok(value),
        Err(failure) => failure,
    };
    // A connection that broke rolls back by itself.
    let _ = session.batch("ROLLBACK").await;
    // insufficient_privilege
    if !Complaint::is(&failure, "42501") {
        return Err(failure);
    }
    let message = "only a superuser may put the journal of the rewind lane into a database";
    Err(Failure::new(Kind::Refused, message).because(failure).hint("lane = \"clone\""))
}

async fn bake_inside(session: &Session) -> Result<Baked> {
    session.batch(include_str!("sql/strip.sql")).await?;
    let tables = catalog::tables(session).await?;
    let sequences = catalog::sequences(session).await?;
    let pins = if catalog::has_money(session).await? {
        format!("{PINS}{MONEY_PIN}")
    } else {
        PINS.to_owned()
    };
    let version = session.server_version().0;
    session.batch(&script(version, &tables, &sequences, &pins)).await?;
    let refused = |table: &Table| Some((table.name.clone(), table.refusal.clone()?));
    let not_rewindable: Vec<_> = tables.iter().filter_map(refused).collect();
    Ok(Baked { tables: tables.len() - not_rewindable.len(), not_rewindable })
}

fn script(version: u16, tables: &[Table], sequences: &[SequenceRow], pins: &str) -> String {
    let mut sql = include_str!("sql/schema.sql")
        .replace("{pins}", pins)
        .replace("{truncate_bytes_max}", &TRUNCATE_BYTES_MAX.to_string());
    let _ = writeln!(sql, "INSERT INTO seedbed_journal.format VALUES ({FORMAT});");
    let mut functions: HashMap<String, usize> = HashMap::new();
    for table in tables {
        let shape = format!("{} {}", table.key.of("x"), table.image("x"));
        let next = functions.len();
        let number = *functions.entry(shape).or_insert_with(|| {
            sql.push_str(&trigger_functions(next, table, pins));
            next
        });
        sql.push_str(&triggers(version, table, number));
        let _ = writeln!(
            sql,
            "INSERT INTO seedbed_journal.relation VALUES {};",
            relation::describe(table)
        );
    }
    for SequenceRow { oid, name, cache } in sequences {
        if cache != "1" {
            let _ = writeln!(sql, "ALTER SEQUENCE {name} CACHE 1;");
        }
        let name = quote_literal(name);
        let _ =
            writeln!(sql, "INSERT INTO seedbed_journal.sequence VALUES ({oid}, {name}, {cache});");
    }
    for (name, event) in
        [("seedbed_journal_ddl", "ddl_command_end"), ("seedbed_journal_drop", "sql_drop")]
    {
        let _ = writeln!(
            sql,
            "CREATE EVENT TRIGGER {name} ON {event} EXECUTE FUNCTION seedbed_journal.note_ddl();\n\
             ALTER EVENT TRIGGER {name} ENABLE ALWAYS;"
        );
    }
    sql
}

/// The functions of all tables with this key.
fn trigger_functions(number: usize, table: &Table, pins: &str) -> String {
    let key = &table.key;
    let (old_key, new_key) = (key.of("o"), key.of("n"));
    let before = format!(
        "INSERT INTO seedbed_journal.entry (rel, key, image) \
         SELECT tg_relid, {old_key}, {} FROM old_rows o;",
        table.image("o")
    );
    let after = format!(
        "INSERT INTO seedbed_journal.entry (rel, key, hash) \
         SELECT tg_relid, {new_key}, pg_catalog.hashtextextended({}, 0) FROM new_rows n;",
        table.image("n")
    );
    let mut sql = String::new();
    let mut function = |name: &str, body: &str| {
        let _ = writeln!(
            sql,
            "CREATE FUNCTION seedbed_journal.{name}_{number}() RETURNS trigger \
             LANGUAGE plpgsql SECURITY DEFINER {pins} AS $body$ BEGIN \
             IF {IS_ON} THEN {body} END IF; RETURN NULL; END $body$;"
        );
    };
    function("insert", &after);
    function("update", &format!("{before} {after}"));
    function("delete", &before);
    let (old_key, new_key) = (key.of("OLD"), key.of("NEW"));
    let (old, new) = (table.image("OLD"), table.image("NEW"));
    function(
        "row",
        &format!(
            "IF tg_op = 'INSERT' THEN \
               INSERT INTO seedbed_journal.entry (rel, key, hash) \
                 VALUES (tg_relid, {new_key}, pg_catalog.hashtextextended({new}, 0)); \
             ELSIF tg_op = 'DELETE' THEN \
               INSERT INTO seedbed_journal.entry (rel, key, image) \
                 VALUES (tg_relid, {old_key}, {old}); \
             ELSE \
               INSERT INTO seedbed_journal.entry (rel, key, image, new_key, hash) \
                 VALUES (tg_relid, {old_key}, {old}, {new_key}, \
                   pg_catalog.hashtextextended({new}, 0)); \
             END IF;"
        ),
    );
    sql
}

fn triggers(version: u16, table: &Table, number: usize) -> String {
    let name = &table.name;
    let each = if table.is_member { "ROW" } else { "STATEMENT" };
    let wanted: Vec<(&str, String)> = if table.is_foreign {
        let mut wanted = vec![(
            "change",
            format!(
                "BEFORE INSERT OR UPDATE OR DELETE ON {name} FOR EACH {each} \
                 EXECUTE FUNCTION seedbed_journal.give_up()"
            ),
        )];
        // Older servers have no such triggers.
        if version >= 16 {
            wanted.push((
                "truncate",
                format!(
                    "BEFORE TRUNCATE ON {name} FOR EACH STATEMENT \
                     EXECUTE FUNCTION seedbed_journal.give_up()"
                ),
            ));
        }
        wanted
    } else {
        let mut wanted = if table.is_member {
            vec![(
                "row",
                format!(
                    "AFTER INSERT OR UPDATE OR DELETE ON {name} FOR EACH ROW \
                     EXECUTE FUNCTION seedbed_journal.row_{number}()"
                ),
            )]
        } else {
            [
                ("insert", "NEW TABLE AS new_rows"),
                ("update", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
                ("delete", "OLD TABLE AS old_rows"),
            ]
            .map(|(event, rows)| {
                let trigger = format!(
                    "AFTER {event} ON {name} REFERENCING {rows} FOR EACH STATEMENT \
                     EXECUTE FUNCTION seedbed_journal.{event}_{number}()"
                );
                (event, trigger)
            })
            .into()
        };
        wanted.push((
            "truncate",
            format!(
                "BEFORE TRUNCATE ON {name} FOR EACH STATEMENT \
                 EXECUTE FUNCTION seedbed_journal.keep_all()"
            ),
        ));
        wanted
    };
    let mut sql = String::new();
    let kind = if table.is_foreign { "FOREIGN TABLE" } else { "TABLE" };
    for (event, trigger) in wanted {
        let _ = writeln!(
            sql,
            "CREATE TRIGGER seedbed_journal_{event} {trigger};\n\
             ALTER {kind} ONLY {name} ENABLE ALWAYS TRIGGER seedbed_journal_{event};"
        );
    }
    sql
}
