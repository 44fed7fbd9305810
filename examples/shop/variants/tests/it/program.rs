//! What can be done to any table. Each program commits, and tells what came of it; a refusal of
//! the server is an outcome like any other, as long as it is the same each time.

use std::io::{Read as _, Write as _};

use postgres::{Client, Error, Transaction};

use crate::lease::Lease;

/// Plays on a table that holds rows.
pub type Program = fn(&mut Lease, &str) -> String;

/// The program of a name.
pub fn named(name: &str) -> Program {
    match name {
        "copy" => copy,
        "cursor" => cursor,
        "delete" => delete,
        "lock" => lock,
        "savepoints" => savepoints,
        "sequence" => sequence,
        "temporary_copy" => temporary_copy,
        "truncate" => truncate,
        "truncate_and_restart" => truncate_and_restart,
        "truncate_taken_back" => truncate_taken_back,
        "two_writers" => two_writers,
        "update" => update,
        "upsert" => upsert,
        other => panic!("there is no program {other}"),
    }
}

/// All rows out, the table and all that depends on it truncated, all rows in again.
fn copy(database: &mut Lease, table: &str) -> String {
    let columns = columns(&mut database.one, table).join(", ");
    let outcome = commit(&mut database.one, |transaction| {
        let mut rows = Vec::new();
        let out = format!("COPY (SELECT {columns} FROM {table} ORDER BY 1) TO STDOUT");
        transaction.copy_out(&out)?.read_to_end(&mut rows).unwrap();
        transaction.batch_execute(&format!("TRUNCATE {table} CASCADE"))?;
        let mut writer = transaction.copy_in(&format!("COPY {table} ({columns}) FROM STDIN"))?;
        writer.write_all(&rows).unwrap();
        Ok(format!("copied {}", writer.finish()?))
    });
    format!("{outcome}, {}", count(&mut database.two, table))
}

/// One row by a cursor.
fn cursor(database: &mut Lease, table: &str) -> String {
    let column = free_column(&mut database.one, table);
    let outcome = commit(&mut database.one, |transaction| {
        transaction
            .batch_execute(&format!("DECLARE c CURSOR FOR SELECT * FROM {table} FOR UPDATE"))?;
        transaction.batch_execute("FETCH 1 FROM c")?;
        let update = format!("UPDATE {table} SET {column} = {column} WHERE CURRENT OF c");
        Ok(format!("updated {}", transaction.execute(&update, &[])?))
    });
    format!("{outcome}, {}", count(&mut database.two, table))
}

/// Every row, with deferrable constraints checked at COMMIT.
fn delete(database: &mut Lease, table: &str) -> String {
    let outcome = commit(&mut database.one, |transaction| {
        transaction.batch_execute("SET CONSTRAINTS ALL DEFERRED")?;
        Ok(format!("deleted {}", transaction.execute(&format!("DELETE FROM {table}"), &[])?))
    });
    format!("{outcome}, {}", count(&mut database.two, table))
}

/// Rows locked by one connection, wanted by the other.
fn lock(database: &mut Lease, table: &str) -> String {
    let column = free_column(&mut database.one, table);
    let mut first = database.one.transaction().unwrap();
    let locked = first.query(&format!("SELECT FROM {table} FOR UPDATE"), &[]).unwrap().len();
    let refused = commit(&mut database.two, |transaction| {
        transaction.batch_execute(&format!("SELECT FROM {table} FOR UPDATE NOWAIT"))?;
        Ok("not refused".to_owned())
    });
    first.execute(&format!("UPDATE {table} SET {column} = {column}"), &[]).unwrap();
    first.commit().unwrap();
    format!("{locked} locked, {refused}")
}

/// Work kept and work taken back in one transaction.
fn savepoints(database: &mut Lease, table: &str) -> String {
    let column = free_column(&mut database.one, table);
    let outcome = commit(&mut database.one, |transaction| {
        let update = format!("UPDATE {table} SET {column} = {column}");
        let mut updated = transaction.execute(&update, &[])?;
        let mut inner = transaction.transaction()?;
        inner.batch_execute(&format!("TRUNCATE {table} CASCADE"))?;
        inner.rollback()?;
        let mut inner = transaction.transaction()?;
        updated += inner.execute(&update, &[])?;
        inner.commit()?;
        Ok(format!("updated {updated}"))
    });
    format!("{outcome}, {}", count(&mut database.two, table))
}

/// Values drawn, set, drawn in a transaction that is taken back, and set back.
fn sequence(database: &mut Lease, table: &str) -> String {
    let owned = "SELECT coalesce(min(objid::regclass::text), 'order_numbers') FROM pg_depend
                 JOIN pg_class c ON c.oid = objid AND relkind = 'S'
                 WHERE refobjid = $1::text::regclass AND deptype IN ('a', 'i')";
    let sequence: String = database.one.query_one(owned, &[&table]).unwrap().get(0);
    let next = format!("SELECT nextval('{sequence}')");
    let mut drawn: Vec<i64> = Vec::new();
    drawn.push(database.one.query_one(&next, &[]).unwrap().get(0));
    database.two.batch_execute(&format!("SELECT setval('{sequence}', 5000)")).unwrap();
    let mut transaction = database.one.transaction().unwrap();
    drawn.push(transaction.query_one(&next, &[]).unwrap().get(0));
    transaction.rollback().unwrap();
    drawn.push(database.two.query_one(&next, &[]).unwrap().get(0));
    database.two.batch_execute(&format!("SELECT setval('{sequence}', 7, false)")).unwrap();
    format!("{sequence} {drawn:?}")
}

/// A temporary table, which belongs to a session and to no test.
fn temporary_copy(database: &mut Lease, table: &str) -> String {
    let column = free_column(&mut database.one, table);
    let copied = format!("CREATE TEMPORARY TABLE kept AS SELECT * FROM {table}");
    database.one.batch_execute(&copied).unwrap();
    let updated =
        database.one.execute(&format!("UPDATE {table} SET {column} = {column}"), &[]).unwrap();
    let kept = count(&mut database.one, "kept");
    database.one.batch_execute("DROP TABLE kept").unwrap();
    format!("updated {updated}, kept {kept}")
}

fn truncate(database: &mut Lease, table: &str) -> String {
    database.one.batch_execute(&format!("TRUNCATE {table} CASCADE")).unwrap();
    count(&mut database.two, table)
}

/// Also what depends on it, and the sequences of all of these.
fn truncate_and_restart(database: &mut Lease, table: &str) -> String {
    let truncate = format!("TRUNCATE {table} RESTART IDENTITY CASCADE");
    database.one.batch_execute(&truncate).unwrap();
    let standing = "SELECT string_agg(coalesce(last_value, 0)::text, ' ' ORDER BY sequencename)
                    FROM pg_sequences WHERE schemaname = 'public'";
    let standing: String = database.two.query_one(standing, &[]).unwrap().get(0);
    format!("{}, {standing}", count(&mut database.two, table))
}

fn truncate_taken_back(database: &mut Lease, table: &str) -> String {
    let mut transaction = database.one.transaction().unwrap();
    transaction.batch_execute(&format!("TRUNCATE {table} RESTART IDENTITY CASCADE")).unwrap();
    transaction.rollback().unwrap();
    let column = free_column(&mut database.two, table);
    let update = format!("UPDATE {table} SET {column} = {column}");
    format!("updated {}", database.two.execute(&update, &[]).unwrap())
}

/// The first row by one connection, the others by another at the same time.
fn two_writers(database: &mut Lease, table: &str) -> String {
    let column = free_column(&mut database.one, table);
    let update = |comparison: &str| {
        format!(
            "UPDATE {table} SET {column} = {column} WHERE (tableoid, ctid) {comparison}
             (SELECT tableoid, ctid FROM {table} ORDER BY 1, 2 LIMIT 1)"
        )
    };
    let mut one = database.one.transaction().unwrap();
    let mut two = database.two.transaction().unwrap();
    let first = one.execute(&update("="), &[]).unwrap();
    let others = two.execute(&update("<>"), &[]).unwrap();
    two.commit().unwrap();
    one.commit().unwrap();
    format!("{first} and {others}")
}

fn update(database: &mut Lease, table: &str) -> String {
    let column = free_column(&mut database.one, table);
    let update = format!("UPDATE {table} SET {column} = {column}");
    let twice = (0..2).map(|_| database.one.execute(&update, &[]).unwrap()).sum::<u64>();
    format!("updated {twice}")
}

/// Rows that are there, inserted again.
fn upsert(database: &mut Lease, table: &str) -> String {
    let columns = columns(&mut database.one, table).join(", ");
    let key = "SELECT string_agg(attname, ', ') FROM pg_index i
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
               WHERE i.indisprimary AND i.indrelid = $1::text::regclass";
    let key: String = database.one.query_one(key, &[&table]).unwrap().get(0);
    let column = free_column(&mut database.one, table);
    let again = |action: &str| {
        format!(
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE
             SELECT {columns} FROM {table} ON CONFLICT {action}"
        )
    };
    let nothing = database.one.execute(&again("DO NOTHING"), &[]).unwrap();
    let update = again(&format!("({key}) DO UPDATE SET {column} = excluded.{column}"));
    let updated = database.two.execute(&update, &[]).unwrap();
    format!("inserted {nothing}, updated {updated}")
}

/// Runs and commits; a refusal becomes its SQLSTATE.
pub fn commit(
    client: &mut Client,
    work: impl FnOnce(&mut Transaction<'_>) -> Result<String, Error>,
) -> String {
    let mut transaction = client.transaction().unwrap();
    let done = work(&mut transaction);
    let ended = match done {
        Ok(outcome) => transaction.commit().map(|()| outcome),
        Err(refused) => transaction.rollback().and(Err(refused)),
    };
    ended.unwrap_or_else(|refused| {
        let state =
            refused.code().unwrap_or_else(|| panic!("no answer of the server: {refused:?}"));
        format!("refused with {}", state.code())
    })
}

/// Columns that take values.
fn columns(client: &mut Client, table: &str) -> Vec<String> {
    let columns =
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::text::regclass
                   AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum";
    client.query(columns, &[&table]).unwrap().iter().map(|row| row.get(0)).collect()
}

/// A column that an UPDATE may set.
fn free_column(client: &mut Client, table: &str) -> String {
    let column = "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::text::regclass
                  AND attnum > 0 AND attgenerated = '' AND attidentity <> 'a' ORDER BY attnum LIMIT 1";
    client.query_one(column, &[&table]).unwrap().get(0)
}

fn count(client: &mut Client, table: &str) -> String {
    let rows: i64 = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).unwrap().get(0);
    format!("{rows} rows")
}
