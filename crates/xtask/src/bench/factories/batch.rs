//! Many rows: users with their posts and comments, beside COPY of the same rows
//! into the same tables.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use seedbed_api::plan::Outcome;
use seedbed_factory::Manner;

use super::super::contestant::Contestant;
use super::maker::{Maker, users};
use super::schema::{EMPTY, Size, TABLES};

/// They have one turn in so many rounds.
const EVERY: u64 = 5;

/// Names of one size's contestants in the report.
pub(crate) struct Names {
    pub(crate) copy: String,
    pub(crate) fresh: String,
    pub(crate) keyed: String,
    pub(crate) repeat: String,
}

impl Names {
    /// Of this size.
    pub(crate) fn of(size: Size) -> Self {
        let name = size.name();
        Self {
            copy: format!("limit: COPY, {name}"),
            fresh: format!("fresh, {name}"),
            keyed: format!("looked up, {name}"),
            repeat: format!("again, {name}"),
        }
    }
}

/// Rows of one table in COPY's text format.
struct Data {
    statement: String,
    text: String,
    rows: u64,
}

/// All that make `size` rows: on `maker`, whose tables are emptied before each
/// turn, and on `filled`, where the rows are there and stay.
pub(crate) fn contestants(
    size: Size,
    maker: &Rc<Maker>,
    filled: &Rc<Maker>,
) -> Result<Vec<Contestant<'static>>> {
    let names = Names::of(size);
    filled.batch(EMPTY)?;
    filled.time(&users(size, false), Manner::Autocommit, Outcome::Created)?;
    let data = Rc::new(
        TABLES.map(|table| Data::of(filled, table)).into_iter().collect::<Result<Vec<_>>>()?,
    );
    let rows: u64 = data.iter().map(|data| data.rows).sum();
    ensure!(rows == size.rows() + 1, "{rows} rows, not {} and one organisation", size.rows());

    let own = Rc::clone(maker);
    let copy = move || {
        own.batch(EMPTY)?;
        copy(&own, &data)
    };
    let create = |fresh| {
        let (own, call) = (Rc::clone(maker), users(size, fresh));
        move || {
            own.batch(EMPTY)?;
            own.time(&call, Manner::Autocommit, Outcome::Created)
        }
    };
    let (own, call) = (Rc::clone(filled), users(size, false));
    let repeat = move || own.time(&call, Manner::Autocommit, Outcome::Matched);
    Ok(vec![
        Contestant::new(names.copy, EVERY, copy),
        Contestant::new(names.fresh, EVERY, create(true)),
        Contestant::new(names.keyed, EVERY, create(false)),
        Contestant::new(names.repeat, EVERY, repeat),
    ])
}

/// All tables in one transaction, parents first.
fn copy(maker: &Maker, data: &[Data]) -> Result<Duration> {
    let (runtime, session) = maker.parts();
    let began = Instant::now();
    runtime.block_on(async {
        session.batch("BEGIN").await?;
        for table in data {
            let rows = session.copy_in(&table.statement, table.text.as_bytes()).await?;
            ensure!(rows == table.rows, "{}: {rows} rows", table.statement);
        }
        session.batch("COMMIT").await?;
        anyhow::Ok(())
    })?;
    Ok(began.elapsed())
}

impl Data {
    fn of(maker: &Maker, table: &str) -> Result<Self> {
        let (runtime, session) = maker.parts();
        let rows = runtime.block_on(session.rows(&format!("SELECT * FROM {table} ORDER BY id")))?;
        let mut text = String::new();
        for row in &rows {
            line(row, &mut text);
        }
        let statement = format!("COPY {table} FROM STDIN");
        Ok(Self { statement, text, rows: rows.len() as u64 })
    }
}

/// A row as COPY reads it (manual, "COPY", Text Format).
fn line(row: &[Option<String>], text: &mut String) {
    for (place, value) in row.iter().enumerate() {
        if place > 0 {
            text.push('\t');
        }
        match value {
            None => text.push_str("\\N"),
            Some(value) => {
                for letter in value.chars() {
                    let _ = match letter {
                        '\\' => text.write_str("\\\\"),
                        '\t' => text.write_str("\\t"),
                        '\n' => text.write_str("\\n"),
                        '\r' => text.write_str("\\r"),
                        other => text.write_char(other),
                    };
                }
            }
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_copy() {
        let mut text = String::new();
        let row = [Some("a\tb\\c\nd".to_owned()), None, Some(String::new())];
        line(&row, &mut text);
        assert_eq!(text, "a\\tb\\\\c\\nd\t\\N\t\n");
    }
}
