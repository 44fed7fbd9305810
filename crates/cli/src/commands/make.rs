//! `seedbed make` and `seedbed explain`.

use seedbed_api::plan::{Made, Outcome};
use seedbed_api::{Listener as _, Result};
use seedbed_engine::{Explanation, MadeRows, MakeRequest};
use serde_json::json;

use super::Context;
use crate::args::{ExplainArgs, MakeArgs};
use crate::progress;
use crate::table;

/// More rows of one binding are counted, not listed.
const LISTED_MAX: usize = 20;
/// From so many rows on there is something to wait for.
const MANY: u32 = 1_000;
/// Characters of a value in a line for people.
const VALUE_MAX: usize = 40;

pub(super) fn make(context: &Context, args: &MakeArgs) -> Result<()> {
    let config = context.config_in_silence(args.place.flags())?;
    let world = context.world()?;
    let call = args.call.call()?;
    let source = args.place.source();
    if args.plan {
        let explanation = seedbed_engine::explain(&world, &config, source, &call)?;
        return plan(context, &explanation);
    }
    if args.build {
        let made = seedbed_engine::build(&world, &config, &call)?;
        return show(context, &made, |_| Vec::new(), Mood::Built);
    }
    let count = call.count.unwrap_or(1);
    let watched = context.printer.shows_progress() && count >= MANY;
    let wait = watched.then(|| progress::spinner(format!("make {count} rows of {}", call.table)));
    let request = MakeRequest { source, call: &call, dry_run: args.dry_run };
    let made = seedbed_engine::make(&world, &config, &request);
    if let Some(bar) = wait {
        bar.finish_and_clear();
    }
    let MadeRows { made, telling, place } = made?;
    let mood = if args.dry_run { Mood::Undone } else { Mood::Made };
    show(context, &made, |binding| telling.get(binding).cloned().unwrap_or_default(), mood)?;
    for made in &made {
        if let Some(message) = kept(made) {
            context.reporter.warning(message, None);
        }
    }
    if !context.printer.json() {
        context.printer.say(&format!("seedbed: in {place}"));
    }
    if args.dry_run {
        context.reporter.notice(
            "nothing was written: the transaction was rolled back; values drawn from sequences \
             stay drawn"
                .to_owned(),
        );
    }
    Ok(())
}

pub(super) fn explain(context: &Context, args: &ExplainArgs) -> Result<()> {
    let config = context.config_in_silence(args.place.flags())?;
    let call = args.call.call()?;
    let explanation =
        seedbed_engine::explain(&context.world()?, &config, args.place.source(), &call)?;
    if context.printer.json() {
        return context.printer.json_data(&json!(explanation));
    }
    let mut text = key(&explanation);
    text.push('\n');
    text.push_str(&origins(&explanation));
    text.push('\n');
    text.push_str(&statements(&explanation));
    context.printer.data(&text).map(drop)
}

/// The SQL of a plan.
fn plan(context: &Context, explanation: &Explanation) -> Result<()> {
    if context.printer.json() {
        return context.printer.json_data(&json!(explanation.plan));
    }
    context.printer.data(&statements(explanation)).map(drop)
}

/// What happened to the rows that are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Made,
    Undone,
    Built,
}

impl Mood {
    fn word(self, outcome: Outcome) -> &'static str {
        match (self, outcome) {
            (Self::Built, _) => "built",
            (Self::Undone, Outcome::Created) => "would be created",
            (Self::Undone, Outcome::Updated) => "would be updated",
            (Self::Made, Outcome::Created) => "created",
            (Self::Made, Outcome::Updated) => "updated",
            (_, Outcome::Matched) => "matched",
        }
    }
}

/// Rows as JSON; else a line for each, or their number where they are many.
fn show(
    context: &Context,
    made: &[Made],
    telling: impl Fn(usize) -> Vec<usize>,
    mood: Mood,
) -> Result<()> {
    if context.printer.json() {
        return context.printer.json_data(&json!(made));
    }
    let mut text = String::new();
    let mut lines: Vec<[String; 3]> = Vec::new();
    for (at, rows) in made.iter().enumerate() {
        let table = people(&rows.table);
        if rows.rows.len() > LISTED_MAX {
            flush(&mut lines, &mut text);
            text.push_str(&format!("{}\n", counted(&table, rows, mood)));
            continue;
        }
        let telling = telling(at);
        for (row, outcome) in rows.rows.iter().zip(&rows.outcomes) {
            let values: Vec<String> = rows
                .columns
                .iter()
                .zip(row)
                .enumerate()
                .filter(|(at, (_, value))| match mood {
                    Mood::Built => value.is_some(),
                    Mood::Made | Mood::Undone => telling.contains(at),
                })
                .map(|(_, (column, value))| {
                    format!("{}={}", column.name, shown(&column.name, value.as_deref()))
                })
                .collect();
            lines.push([table.clone(), mood.word(*outcome).to_owned(), values.join(" ")]);
        }
    }
    flush(&mut lines, &mut text);
    context.printer.data(&text).map(drop)
}

/// Lines of one table, aligned.
fn flush(lines: &mut Vec<[String; 3]>, text: &mut String) {
    text.push_str(&table::align(&std::mem::take(lines)));
}

/// `1000 users: 998 matched, 2 created`
fn counted(table: &str, made: &Made, mood: Mood) -> String {
    let parts: Vec<String> = [Outcome::Matched, Outcome::Updated, Outcome::Created]
        .into_iter()
        .filter_map(|outcome| {
            let count = made.outcomes.iter().filter(|found| **found == outcome).count();
            (count > 0).then(|| format!("{count} {}", mood.word(outcome)))
        })
        .collect();
    format!("{} {table}: {}", made.rows.len(), parts.join(", "))
}

/// What was passed for rows that are there with something else, and stays so.
fn kept(made: &Made) -> Option<String> {
    let kept = made.kept.as_ref()?;
    let (table, columns) = (people(&made.table), kept.columns.join(", "));
    let rows = match kept.ordinals.as_slice() {
        [_] if made.rows.len() == 1 => format!("the row of {table} was there and keeps"),
        several => {
            format!("{} of {} rows of {table} were there and keep", several.len(), made.rows.len())
        }
    };
    Some(format!(
        "{rows} another {columns} than was passed: times of creation are never updated \
         (`--policy strict` makes it an error, `--policy keep` leaves all as it is)"
    ))
}

/// A value in a line, unless it is a secret.
fn shown(column: &str, value: Option<&str>) -> String {
    match value {
        Some(_) if seedbed_engine::is_secret(column) => "…".to_owned(),
        value => short(value),
    }
}

/// A value in a line: one line, not too long, in quotes where blanks would
/// make two of it.
fn short(value: Option<&str>) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    let mut text: String = value.chars().take(VALUE_MAX).collect();
    if text.len() < value.len() {
        text.push('…');
    }
    let plain = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if plain && text != "NULL" && !text.contains('"') { text } else { format!("{text:?}") }
}

/// A table as people write it: SQL quotes every name.
fn people(sql: &str) -> String {
    let plain = sql.replace('"', "");
    plain.strip_prefix("public.").map_or(plain.clone(), str::to_owned)
}

/// Which key, and why not the others.
fn key(explanation: &Explanation) -> String {
    let mut text = if explanation.key.is_empty() {
        format!("{} is found by nothing: {}\n", explanation.table, explanation.why)
    } else {
        let columns = explanation.key.join(", ");
        format!("{} is found by ({columns}): {}\n", explanation.table, explanation.why)
    };
    let lost = explanation.lost.iter().map(|lost| {
        [format!("  not by ({})", lost.columns.join(", ")), lost.index.clone(), lost.why.clone()]
    });
    text.push_str(&table::align(&lost.collect::<Vec<_>>()));
    text
}

/// Where each value comes from.
fn origins(explanation: &Explanation) -> String {
    let rows = explanation
        .columns
        .iter()
        .map(|origin| [origin.binding.clone(), origin.column.clone(), origin.from.clone()]);
    table::render(["ROW", "COLUMN", "VALUE"], rows)
}

fn statements(explanation: &Explanation) -> String {
    let mut text = String::new();
    if explanation.plan.transaction {
        text.push_str("-- in one transaction\n");
    }
    for step in &explanation.plan.steps {
        if !step.sql.is_empty() {
            text.push_str(&format!("-- {}\n{};\n", step.name, step.sql.trim_end()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use seedbed_api::plan::Column;

    use super::*;

    #[test]
    fn values_stay_on_their_line() {
        for (value, expected) in [
            (None, "NULL"),
            (Some("NULL"), "\"NULL\""),
            (Some(""), "\"\""),
            (Some("7"), "7"),
            (Some("two words"), "\"two words\""),
            (Some("a\nb"), "\"a\\nb\""),
        ] {
            assert_eq!(short(value), expected);
        }
        let long = "é".repeat(VALUE_MAX + 1);
        assert_eq!(short(Some(&long)), format!("{}…", "é".repeat(VALUE_MAX)));
    }

    #[test]
    fn many_rows_are_counted() {
        let outcomes = [vec![Outcome::Matched; 998], vec![Outcome::Created; 2]].concat();
        let made = Made {
            binding: "users".into(),
            table: "\"public\".\"users\"".into(),
            columns: vec![Column { name: "id".into(), type_name: "bigint".into() }].into(),
            rows: vec![vec![Some("1".into())]; 1_000],
            outcomes,
            kept: None,
        };
        let table = people(&made.table);
        assert_eq!(counted(&table, &made, Mood::Made), "1000 users: 998 matched, 2 created");
        let told = counted(&table, &made, Mood::Undone);
        assert_eq!(told, "1000 users: 998 matched, 2 would be created");
        assert_eq!(people("\"sales\".\"Odd name\""), "sales.Odd name");
    }
}
