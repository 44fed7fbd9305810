//! What a plan's trouble means: from SQLSTATE, the names the server gave, and
//! the evidence that was gathered, to a sentence and a line to paste. No row
//! value is told but primary keys, which are the person's own handle on a row.

use seedbed_api::plan::{Diagnosis, Policy, Reason, Trouble};
use seedbed_schema::{Table, UniqueKey, quote, quote_literal};

use crate::alike;
use crate::compile::{is_fixed, names as evidence, told_apart};
use crate::computed::word;
use crate::constraint::{checked, excluded, no_partition, null, orphan, second_key};
use crate::graph::{Node, Source};
use crate::key::option;
use crate::line::{make_with, repeat};
use crate::misfit::misfit;
use crate::obstacle::obstacle;
use crate::raised::{is_raised, raised};
use crate::said::safe;
use crate::shape::Entry;
use crate::twins::twins;
use crate::waiting::{cancelled, waiting};

/// Tells it.
pub(crate) fn diagnose(entry: &Entry, trouble: &Trouble) -> Diagnosis {
    let node = step_node(entry, trouble);
    let mut told = match (twins(node, trouble), trouble.reason) {
        (Some(told), _) => told,
        (None, Reason::Split) => split(node, trouble),
        (None, Reason::Left) => left(entry, node, trouble),
        (None, Reason::Refused) => refused(entry, node, trouble),
    };
    // Two keys over the same columns are chosen by the same words.
    let mut seen = std::collections::BTreeSet::new();
    told.hints.retain(|hint| seen.insert(hint.clone()));
    told
}

pub(crate) fn diagnosis(message: String) -> Diagnosis {
    Diagnosis { message, detail: None, hints: Vec::new() }
}

/// The node of the step that stopped.
pub(crate) fn step_node<'a>(entry: &'a Entry, trouble: &Trouble) -> &'a Node {
    let nodes = &entry.graph.nodes;
    let into = entry.plan.steps.iter().find(|step| step.name == trouble.step).map(|s| &s.into);
    nodes.iter().find(|node| Some(&node.name) == into).unwrap_or(&nodes[0])
}

/// ` (row 3)`, where the call has several.
fn place(node: &Node, trouble: &Trouble) -> String {
    match trouble.ordinals.as_slice() {
        [] => String::new(),
        _ if node.rows == seedbed_api::plan::Rows::One => String::new(),
        [one] => format!(" (row {one})"),
        [first, rest @ ..] => format!(" (row {first} and {} more)", rest.len()),
    }
}

/// Rows found by key: index and primary key.
fn by_key<'a>(node: &Node, trouble: &'a Trouble) -> Vec<(&'a str, String)> {
    let rows = rows(trouble, &evidence::keys(&node.name));
    let mut found: Vec<(&str, String)> = Vec::new();
    for row in rows {
        let ordinal = row.first().and_then(|ordinal| ordinal.as_ref()?.parse::<u32>().ok());
        if ordinal.is_some_and(|ordinal| !trouble.ordinals.contains(&ordinal)) {
            continue;
        }
        let Some(Some(index)) = row.get(2) else { continue };
        let primary: Vec<&str> = row.iter().skip(3).filter_map(Option::as_deref).collect();
        let one = (index.as_str(), primary.join(", "));
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

fn words(table: &Table, index: &str) -> String {
    let key = table.keys.iter().find(|key| key.name == index);
    key.map_or_else(|| index.to_owned(), columns)
}

pub(crate) fn columns(key: &UniqueKey) -> String {
    let parts = key.parts.iter();
    let names: Vec<String> = parts.map(word).collect();
    names.join(", ")
}

fn split(node: &Node, trouble: &Trouble) -> Diagnosis {
    let table = &node.table;
    let found = by_key(node, trouble);
    let list: Vec<String> = found
        .iter()
        .map(|(index, primary)| {
            let row = if primary.is_empty() { "one" } else { primary };
            format!("{row} by {}", words(table, index))
        })
        .collect();
    let matches = if list.is_empty() { String::new() } else { format!(": {}", list.join(", ")) };
    let mut told = diagnosis(format!(
        "what was passed matches different rows of {}{matches}{}",
        table.name,
        place(node, trouble)
    ));
    let keys = node.key.identifiers.iter().chain(&node.key.also);
    let name = table.name.to_string();
    for identifier in keys {
        told.hints.push(make_with(&name, &identifier.columns().collect::<Vec<_>>()));
    }
    told
}

fn left(entry: &Entry, node: &Node, trouble: &Trouble) -> Diagnosis {
    let table = &node.table;
    let place = place(node, trouble);
    let differs =
        entry.plan.steps.iter().any(|step| {
            step.name == trouble.step && step.on == seedbed_api::plan::Target::Differing
        });
    if differs {
        return differing(node, trouble, &place);
    }
    if node.fresh {
        let mut told = diagnosis(format!(
            "another session made the same fresh rows of {} at the same time{place}",
            table.name
        ));
        told.hints.push(repeat(node));
        return told;
    }
    let first = node.key.first();
    let triggers: Vec<&str> =
        table.triggers.iter().filter(|t| t.on_insert).map(|t| t.name.as_str()).collect();
    let hidden = hidden(table, trouble);
    if let (Some(hints), None, []) = (&hidden, &first.predicate, triggers.as_slice()) {
        let (role, _) = role(table, trouble);
        let mut told = diagnosis(format!(
            "a row of {} is there but row-level security hides it from {role}{place}",
            table.name
        ));
        told.hints.extend(hints.iter().cloned());
        return told;
    }
    if triggers.is_empty() && hidden.is_none() && told_apart(&entry.schema, node).is_some() {
        let mut told = diagnosis(format!(
            "some rows of {} are alike, as the server reads what was passed: nothing tells them \
             apart{place}",
            table.name
        ));
        told.hints.extend(alike::hints(node));
        return told;
    }
    let mut told = unseen(node, &place, &triggers);
    if let Some(hints) = hidden {
        // Nothing says which of the two it is.
        let (role, _) = role(table, trouble);
        let before = told.detail.take().map(|detail| format!("{detail}\n"));
        told.detail = Some(format!(
            "{}Or a row is there and row-level security hides it from {role}.",
            before.unwrap_or_default()
        ));
        told.hints.extend(hints);
    }
    told
}

/// What makes hidden rows seen, where row-level security binds the role.
fn hidden(table: &Table, trouble: &Trouble) -> Option<[String; 2]> {
    (session(table, trouble, 3) == Some("t")).then(|| {
        let (_, role) = role(table, trouble);
        [
            // Mostly a setting such as `app.tenant`, to be made first.
            policies(table),
            format!("ALTER ROLE {role} BYPASSRLS"),
        ]
    })
}

/// A line that shows what row-level security asks of rows.
fn policies(table: &Table) -> String {
    format!(
        "SELECT policyname, qual, with_check FROM pg_policies WHERE schemaname = {} AND tablename = {}",
        quote_literal(&table.name.schema),
        quote_literal(&table.name.name)
    )
}

/// A row that is neither found nor made, by what the schema says.
fn unseen(node: &Node, place: &str, triggers: &[&str]) -> Diagnosis {
    let table = &node.table;
    let first = node.key.first();
    if let Some((predicate, mentioned)) = &first.predicate {
        let mut told = diagnosis(format!(
            "the row of {} would be outside the predicate of its key ({}), where nothing is \
             unique{place}",
            table.name,
            first.words().join(", ")
        ));
        told.detail = Some(format!("{}: WHERE {predicate}", name(first.index.as_deref())));
        let mentioned: Vec<&str> = mentioned.iter().map(String::as_str).collect();
        told.hints.push(make_with(&table.name.to_string(), &mentioned));
        told.hints.extend(others(node));
        return told;
    }
    if let Some(view) = node.through.as_ref().filter(|_| triggers.is_empty()) {
        let mut told = diagnosis(format!("the view {view} would not show the row{place}"));
        told.detail = Some(
            "Its WHERE leaves the row out, or another row that it hides has this key.".to_owned(),
        );
        let generated = node.generated();
        let free: Vec<&str> = generated.iter().map(String::as_str).collect();
        told.hints.push(make_with(&view.to_string(), &free));
        return told;
    }
    let doubtful: Vec<&str> = first.doubtful(table).map(|part| part.expression.as_str()).collect();
    if let (true, [expression, ..]) = (triggers.is_empty(), doubtful.as_slice()) {
        let mut told = diagnosis(format!(
            "{expression} of the row of {} is NULL, which is equal to nothing: it has no \
             key{place}",
            table.name
        ));
        told.hints.push(make_with(&table.name.to_string(), &first.columns().collect::<Vec<_>>()));
        told.hints.extend(others(node));
        return told;
    }
    if triggers.is_empty() {
        let mut told = diagnosis(format!(
            "a row of {} was neither found nor could be made{place}",
            table.name
        ));
        told.detail = Some("Other sessions may make and delete it all the time.".to_owned());
        told.hints.push(repeat(node));
        return told;
    }
    let mut told = diagnosis(format!(
        "a BEFORE INSERT trigger of {} suppressed the row or changed its key ({}){place}",
        table.name,
        first.words().join(", ")
    ));
    told.detail = Some(format!("triggers: {}", triggers.join(", ")));
    // The key as the trigger leaves it.
    told.hints.push(make_with(&table.name.to_string(), &first.columns().collect::<Vec<_>>()));
    told
}

fn differing(node: &Node, trouble: &Trouble, place: &str) -> Diagnosis {
    let table = &node.table;
    let found = by_key(node, trouble);
    let several = node.key.identifiers.len() + node.key.also.len() > 1;
    let matched: Vec<&str> = found.iter().map(|(index, _)| *index).collect();
    let all = node.key.identifiers.iter().chain(&node.key.also);
    let lacking: Vec<&str> = all
        .filter_map(|identifier| identifier.index.as_deref())
        .filter(|index| !matched.contains(index))
        .collect();
    if let (true, Some((index, primary)), Some(lacking)) = (several, found.first(), lacking.first())
    {
        let row = match primary.as_str() {
            "" => format!("a row of {}", table.name),
            primary => format!("{} {primary}", table.name),
        };
        // What both keys have is the same.
        let own = table.keys.iter().find(|key| key.name == *index);
        let other = table.keys.iter().find(|key| key.name == **lacking);
        let rest: Vec<&str> = other
            .into_iter()
            .flat_map(UniqueKey::columns)
            .filter(|name| !own.is_some_and(|own| own.columns().any(|column| column == *name)))
            .collect();
        let rest = if rest.is_empty() { words(table, lacking) } else { rest.join(", ") };
        let has = words(table, index);
        let mut told = diagnosis(format!("{row} has this {has}, but another {rest}{place}"));
        let key = |index: &str| table.keys.iter().find(|key| key.name == index).map(option);
        // Who named one of them has no use for its name.
        let named =
            (!node.key.also.is_empty()).then(|| node.key.first().index.as_deref()).flatten();
        for index in [*index, *lacking].into_iter().filter(|index| Some(*index) != named) {
            told.hints.extend(key(index));
        }
        return told;
    }
    let columns = unlike(node, trouble);
    let what =
        if columns.is_empty() { String::new() } else { format!(" in {}", columns.join(", ")) };
    let triggers = table.triggers.iter().filter(|trigger| trigger.on_insert || trigger.on_update);
    let triggers: Vec<&str> = triggers.map(|trigger| trigger.name.as_str()).collect();
    let is_fixed = |name: &&str| node.column(name).is_some_and(|column| is_fixed(node, column));
    let mut told;
    if node.policy == Policy::Strict {
        told = diagnosis(format!(
            "a row of {} is there but differs from what was passed{what}{place}",
            table.name
        ));
        if !triggers.is_empty() {
            told.detail = Some(format!("triggers: {}", triggers.join(", ")));
        }
    } else if triggers.is_empty() || columns.iter().any(is_fixed) {
        told = diagnosis(format!(
            "a row of {} differs from what was passed{what}, which cannot be updated{place}",
            table.name
        ));
    } else {
        told =
            diagnosis(format!("a trigger of {} changes what was passed{what}{place}", table.name));
        told.detail = Some(format!("triggers: {}", triggers.join(", ")));
        // As the trigger leaves it.
        told.hints.push(make_with(&table.name.to_string(), &columns));
    }
    told.hints.push("--policy keep".to_owned());
    told
}

/// Columns in which the rows that were found differ from what was passed.
fn unlike<'a>(node: &Node, trouble: &'a Trouble) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for row in rows(trouble, &evidence::differing(&node.name)) {
        let ordinal = text(row, 0).and_then(|ordinal| ordinal.parse::<u32>().ok());
        if ordinal.is_none_or(|ordinal| trouble.ordinals.contains(&ordinal))
            && let Some(column) = text(row, 2).filter(|column| !found.contains(column))
        {
            found.push(column);
        }
    }
    found
}

fn is_passed(node: &Node, name: &str) -> bool {
    matches!(node.sources.get(name), Some(Source::Argument(_)))
}

/// What was found by a step of evidence.
pub(crate) fn rows<'a>(trouble: &'a Trouble, step: &str) -> &'a [Vec<Option<String>>] {
    trouble.evidence.get(step).map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn text(row: &[Option<String>], column: usize) -> Option<&str> {
    row.get(column)?.as_deref()
}

/// A column of what is known of the session and a table.
fn session<'a>(table: &Table, trouble: &'a Trouble, column: usize) -> Option<&'a str> {
    let mut rows = rows(trouble, evidence::SESSION).iter();
    text(rows.find(|row| text(row, 6) == Some(&table.name.sql()))?, column)
}

/// The connected role, in words and as a statement names it.
fn role(table: &Table, trouble: &Trouble) -> (String, String) {
    session(table, trouble, 2).map_or_else(
        || ("the connected role".to_owned(), "CURRENT_USER".to_owned()),
        |role| (role.to_owned(), quote(role)),
    )
}

fn name(index: Option<&str>) -> &str {
    index.unwrap_or("its key")
}

/// Other keys the call could name.
fn others(node: &Node) -> Vec<String> {
    let first = node.key.first().index.as_deref();
    let is_passed = |name: &str| matches!(node.sources.get(name), Some(Source::Argument(_)));
    let keys = node.table.keys.iter().filter(|key| {
        !key.name.is_empty()
            && Some(key.name.as_str()) != first
            && key.predicate.is_none()
            && key.columns().all(is_passed)
    });
    keys.map(option).collect()
}

fn refused(entry: &Entry, node: &Node, trouble: &Trouble) -> Diagnosis {
    let table = &node.table;
    let state = trouble.sqlstate.as_deref().unwrap_or_default();
    let constraint = trouble.constraint.as_deref().unwrap_or_default();
    let place = place(node, trouble);
    let mut told = match state {
        // A key that can be no conflict target: the row is there, and not seen.
        "23505"
            if node.key.first().index.as_deref() == Some(constraint)
                && !(node.fresh
                    && node.key.first().columns().all(|name| is_passed(node, name))) =>
        {
            left(entry, node, trouble)
        }
        "23505" => second_key(node, constraint),
        "23P01" => excluded(node, constraint),
        "23514" if constraint.is_empty() => no_partition(entry, table, trouble.table.as_deref()),
        "23514" => checked(entry, table, constraint),
        "23503" => orphan(node, constraint),
        "23502" => null(node, trouble.column.as_deref()),
        "42501" => forbidden(entry, node, trouble),
        "40001" => {
            let mut told = diagnosis(format!(
                "another session made a row of {} that this transaction's snapshot does not show",
                table.name
            ));
            let level = session(table, trouble, 4).unwrap_or("repeatable read");
            told.detail = Some(format!(
                "The transaction is {level}; what was committed after its first statement can \
                 neither be seen nor be made again in it."
            ));
            told.hints.push(format!("{}   # before the transaction begins", repeat(node)));
            told.hints.push("SET TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned());
            told
        }
        "57014" if rows(trouble, evidence::WRITERS).is_empty() => cancelled(node),
        "55P03" | "57014" | "40P01" => waiting(node, trouble, state),
        "42P10" => {
            let mut told = diagnosis(format!("the key of {} is no longer unique", table.name));
            told.detail = Some("The schema changed meanwhile.".to_owned());
            told.hints.push(repeat(node));
            told
        }
        state if is_raised(node, state) => raised(node),
        state if state.starts_with("22") => misfit(node, trouble),
        state => obstacle(node, state)
            .unwrap_or_else(|| diagnosis(format!("the server refused `{}`", trouble.step))),
    };
    told.message.push_str(&place);
    if state == "42704"
        && let Some(name) = trouble.message.as_deref().and_then(|said| said.split('"').nth(1))
        && name.contains('.')
    {
        // A policy or a default that reads a setting of the application's.
        told.hints.push(format!("SET {name} = '…'"));
    }
    if table.row_security && told.hints.is_empty() {
        told.hints.push(policies(table));
    }
    if let Some(message) = &trouble.message {
        let said = safe(state, message);
        if let Some(said) = said {
            let before = told.detail.take().map(|detail| format!("{detail}\n"));
            told.detail = Some(format!("{}server: {said}", before.unwrap_or_default()));
        }
    }
    told
}

fn forbidden(entry: &Entry, node: &Node, trouble: &Trouble) -> Diagnosis {
    let table = &node.table;
    let (who, role) = role(table, trouble);
    let updates = entry.plan.steps.iter().any(|step| {
        step.name == trouble.step && step.outcome == Some(seedbed_api::plan::Outcome::Updated)
    });
    let own = table.name.sql();
    let lacking = rows(trouble, evidence::RIGHTS).iter().filter_map(|row| {
        let (kind, name, rights) = (text(row, 2)?, text(row, 3)?, text(row, 4)?);
        // What only an update needs is not what another statement lacked.
        let why = kind == "SEQUENCE" || updates || rights != "UPDATE";
        (text(row, 5) == Some(&own) && why).then_some((kind, name, rights))
    });
    let lacking: Vec<(&str, &str, &str)> = lacking.collect();
    if !lacking.is_empty() {
        let places: Vec<String> = lacking
            .iter()
            .map(|(kind, name, rights)| format!("{rights} on {} {name}", kind.to_lowercase()))
            .collect();
        let mut told =
            diagnosis(format!("{who} has no right to write {}: {}", table.name, places.join("; ")));
        told.hints.extend(lacking.into_iter().map(|(kind, name, rights)| {
            let kind = if kind == "SEQUENCE" { "SEQUENCE " } else { "" };
            format!("GRANT {rights} ON {kind}{name} TO {role}")
        }));
        return told;
    }
    let mut told = diagnosis(format!("{who} may not write this row of {}", table.name));
    if session(table, trouble, 3) == Some("t") {
        told.detail = Some("Row-level security binds the role on this table.".to_owned());
        told.hints.push(policies(table));
    } else {
        // The role has each right on some columns: the others are those that the
        // statement writes, or of the row that it returns.
        let written: Vec<String> = match updates {
            true => node.arguments().map(|(name, _)| quote(name)).collect(),
            false => node.sources.keys().map(|name| quote(name)).collect(),
        };
        let right = if updates { "UPDATE" } else { "INSERT" };
        let columns = written.join(", ");
        told.hints.push(format!("GRANT SELECT, {right} ({columns}) ON {own} TO {role}"));
    }
    told
}
