//! What a plan's trouble means: from SQLSTATE, the names the server gave, and
//! the evidence that was gathered, to a sentence and a line to paste. No row
//! value is told but primary keys, which are the person's own handle on a row.

use seedbed_api::plan::{Argument, Diagnosis, Policy, Reason, Trouble};
use seedbed_schema::{Table, TableName, TypeShape, UniqueKey, quote};

use crate::alike;
use crate::compile::{names as evidence, told_apart};
use crate::graph::Node;
use crate::key::option;
use crate::line::make_with;
use crate::raised::{is_raised, raised};
use crate::shape::Entry;
use crate::twins::twins;
use crate::wanted::Passed;

/// Tells it.
pub(crate) fn diagnose(entry: &Entry, trouble: &Trouble) -> Diagnosis {
    let node = step_node(entry, trouble);
    if let Some(told) = twins(node, trouble) {
        return told;
    }
    match trouble.reason {
        Reason::Split => split(node, trouble),
        Reason::Left => left(entry, node, trouble),
        Reason::Refused => refused(entry, node, trouble),
    }
}

fn diagnosis(message: String) -> Diagnosis {
    Diagnosis { message, detail: None, hints: Vec::new() }
}

/// The node of the step that stopped.
fn step_node<'a>(entry: &'a Entry, trouble: &Trouble) -> &'a Node {
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

fn columns(key: &UniqueKey) -> String {
    let parts = key.parts.iter();
    let names: Vec<&str> =
        parts.map(|part| part.column.as_deref().unwrap_or(&part.expression)).collect();
    names.join(", ")
}

fn split(node: &Node, trouble: &Trouble) -> Diagnosis {
    let table = &node.table;
    let found = by_key(node, trouble);
    let list: Vec<String> = found
        .iter()
        .map(|(index, primary)| format!("{primary} by {}", words(table, index)))
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
        told.hints.push("run it again".to_owned());
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
            "set what the policies look at (SELECT set_config('app.tenant', '…', true)) first"
                .to_owned(),
            format!("ALTER ROLE {role} BYPASSRLS"),
        ]
    })
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
        told.hints.push(format!("pass values of {} that meet it", mentioned.join(", ")));
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
    if triggers.is_empty() {
        let mut told = diagnosis(format!(
            "a row of {} was neither found nor could be made{place}",
            table.name
        ));
        told.detail = Some("Other sessions may make and delete it all the time.".to_owned());
        told.hints.push("run it again".to_owned());
        return told;
    }
    let mut told = diagnosis(format!(
        "a BEFORE INSERT trigger of {} suppressed the row or changed its key ({}){place}",
        table.name,
        first.words().join(", ")
    ));
    told.detail = Some(format!("triggers: {}", triggers.join(", ")));
    told.hints.push("pass the key as the trigger leaves it".to_owned());
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
        let mut told = diagnosis(format!(
            "{} {primary} has this {}, but another {}{place}",
            table.name,
            words(table, index),
            words(table, lacking)
        ));
        let key = |index: &str| table.keys.iter().find(|key| key.name == index).map(option);
        // Who named one of them has no use for its name.
        let named =
            (!node.key.also.is_empty()).then(|| node.key.first().index.as_deref()).flatten();
        for index in [*index, *lacking].into_iter().filter(|index| Some(*index) != named) {
            told.hints.extend(key(index));
        }
        return told;
    }
    let message = if node.policy == Policy::Strict {
        format!("a row of {} is there but differs from what was passed{place}", table.name)
    } else {
        format!(
            "a row of {} differs from what was passed in a column that cannot be updated, or a \
             trigger changes it{place}",
            table.name
        )
    };
    let mut told = diagnosis(message);
    let passed: Vec<&str> = node.arguments().map(|(column, _)| column).collect();
    told.detail = Some(format!("passed: {}", passed.join(", ")));
    told.hints.push("--policy keep".to_owned());
    told
}

/// What was found by a step of evidence.
fn rows<'a>(trouble: &'a Trouble, step: &str) -> &'a [Vec<Option<String>>] {
    trouble.evidence.get(step).map(Vec::as_slice).unwrap_or_default()
}

fn text(row: &[Option<String>], column: usize) -> Option<&str> {
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
    let keys = node.table.keys.iter().filter(|key| {
        !key.name.is_empty() && Some(key.name.as_str()) != first && key.predicate.is_none()
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
        "23505" if node.key.first().index.as_deref() == Some(constraint) => {
            left(entry, node, trouble)
        }
        "23505" => second_key(node, constraint),
        "23P01" => excluded(table, constraint),
        "23514" if constraint.is_empty() => no_partition(table),
        "23514" => checked(entry, table, constraint),
        "23503" => orphan(table, constraint),
        "23502" => null(node, trouble.column.as_deref()),
        "42501" => forbidden(entry, table, trouble),
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
            told.hints.push("make the row before the transaction, or at its beginning".to_owned());
            told.hints.push("SET TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned());
            told
        }
        "55P03" | "57014" | "40P01" => waiting(table, trouble, state),
        "42P10" => {
            let mut told = diagnosis(format!("the key of {} is no longer unique", table.name));
            told.hints.push("run it again: the schema changed meanwhile".to_owned());
            told
        }
        state if is_raised(node, state) => raised(node),
        state if state.starts_with("22") => misfit(node, trouble),
        _ => diagnosis(format!("the server refused `{}`", trouble.step)),
    };
    told.message.push_str(&place);
    if let Some(message) = &trouble.message {
        let said = safe(state, message);
        if let Some(said) = said {
            let before = told.detail.take().map(|detail| format!("{detail}\n"));
            told.detail = Some(format!("{}server: {said}", before.unwrap_or_default()));
        }
    }
    told
}

/// What may be told of the server's message. Those of data exceptions quote the
/// value, but for a text that is too long (22001). What a trigger raises (P0001)
/// is written for people, and often built of values: what looks like one is
/// left out.
pub(crate) fn safe(state: &str, message: &str) -> Option<String> {
    match state {
        "P0001" => Some(without_values(message)),
        "22001" => Some(message.to_owned()),
        _ => (!state.starts_with("22")).then(|| message.to_owned()),
    }
}

/// A message without what is quoted, words with digits, and addresses.
fn without_values(message: &str) -> String {
    let mut bare = String::new();
    let mut quoted = None;
    let mut before = ' ';
    for letter in message.chars() {
        match quoted {
            Some(quote) if letter == quote => quoted = None,
            Some(_) => {}
            // Not an apostrophe within a word.
            None if "\"'`".contains(letter) && !before.is_alphanumeric() => {
                bare.push('…');
                quoted = Some(letter);
            }
            None => bare.push(letter),
        }
        before = letter;
    }
    let is_value = |word: &&str| word.contains(|letter: char| letter == '@' || letter.is_numeric());
    let words = bare.split(' ').map(|word| if is_value(&word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// A value that its type does not take. The server names no column, but quotes
/// the value: only those that were passed it are told.
fn misfit(node: &Node, trouble: &Trouble) -> Diagnosis {
    let passed: Vec<(&str, &Passed)> = node.arguments().collect();
    let said = trouble.message.as_deref().unwrap_or_default();
    let is_quoted = |passed: &Passed| {
        let values = match trouble.run.arguments.get(&passed.argument) {
            Some(Argument::Same(value)) => std::slice::from_ref(value),
            Some(Argument::Each(values)) => values.as_slice(),
            None => &[],
        };
        values.iter().flatten().any(|value| {
            ["\"{}\"", "«{}»", "„{}“", "“{}”", "« {} »"]
                .iter()
                .any(|quotes| said.contains(&quotes.replace("{}", value)))
        })
    };
    let mut odd: Vec<&str> =
        passed.iter().filter(|(_, passed)| is_quoted(passed)).map(|(name, _)| *name).collect();
    if odd.is_empty() {
        odd = passed.into_iter().map(|(name, _)| name).collect();
    }
    let table = &node.table.name;
    let place = match odd.as_slice() {
        [one] => format!("{table}.{one}"),
        _ => table.to_string(),
    };
    let mut told = diagnosis(format!("a value for {place} is not of its type"));
    let types: Vec<String> = odd
        .iter()
        .filter_map(|name| node.column(name))
        .map(|column| format!("{} is {}", column.name, column.data_type.sql))
        .collect();
    if !types.is_empty() {
        told.detail = Some(types.join("\n"));
        told.hints.push(make_with(&table.to_string(), &odd));
    }
    told
}

fn second_key(node: &Node, constraint: &str) -> Diagnosis {
    let table = &node.table;
    let key = table.keys.iter().find(|key| key.name == constraint);
    let columns = key.map_or_else(|| constraint.to_owned(), columns);
    let generated = key.is_some_and(|key| {
        key.columns().all(|name| node.sources.get(name) == Some(&crate::graph::Source::Generated))
    });
    let mut told = if generated {
        diagnosis(format!("the generated {columns} is taken by another row of {}", table.name))
    } else {
        diagnosis(format!(
            "another row of {} has this {columns}, but not this {}",
            table.name,
            node.key.first().words().join(", ")
        ))
    };
    if let Some(key) = key {
        let chosen = node.key.first().index.as_deref() == Some(key.name.as_str());
        if !generated && !chosen {
            told.hints.push(option(key));
        }
        told.hints.push(format!("pass another {columns}"));
    }
    told
}

fn excluded(table: &Table, constraint: &str) -> Diagnosis {
    let exclusion = table.exclusions.iter().find(|exclusion| exclusion.name == constraint);
    let mut told =
        diagnosis(format!("a row of {} would overlap another one: {constraint}", table.name));
    if let Some(exclusion) = exclusion {
        let names: Vec<&str> =
            exclusion.parts.iter().map(|part| part.expression.as_str()).collect();
        told.hints.push(format!("pass {} that overlaps nothing", names.join(", ")));
    }
    told
}

fn no_partition(table: &Table) -> Diagnosis {
    let mut told = diagnosis(format!("no partition of {} takes the row", table.name));
    told.hints.push(format!("pass {} within a partition", table.partition_key.join(", ")));
    told.hints.push(format!(
        "CREATE TABLE {} PARTITION OF {} DEFAULT",
        TableName { name: format!("{}_default", table.name.name), ..table.name.clone() }.sql(),
        table.name.sql()
    ));
    told
}

fn checked(entry: &Entry, table: &Table, constraint: &str) -> Diagnosis {
    let mut told = diagnosis(format!("a row of {} does not meet {constraint}", table.name));
    let own = table.checks.iter().find(|check| check.name == constraint);
    let domains = table.columns.iter().filter_map(|column| match &column.data_type.shape {
        TypeShape::Named(name) => match entry.schema.named_type(name)? {
            seedbed_schema::NamedType::Domain { checks, .. } => Some((column, checks)),
            _ => None,
        },
        _ => None,
    });
    let mut of_domain = domains.filter_map(|(column, checks)| {
        Some((column, checks.iter().find(|check| check.name == constraint)?))
    });
    if let Some(check) = own {
        told.detail = Some(format!("CHECK ({})", check.expression));
        let passed: Vec<String> = check.columns.iter().map(|name| format!("{name}=…")).collect();
        told.hints.push(format!("seedbed make {} {}", table.name, passed.join(" ")));
    } else if let Some((column, check)) = of_domain.next() {
        told.detail = Some(format!("CHECK ({})", check.expression));
        told.hints.push(format!("seedbed make {} {}=…", table.name, column.name));
    }
    told
}

fn orphan(table: &Table, constraint: &str) -> Diagnosis {
    let foreign = table.foreign_keys.iter().find(|foreign| foreign.name == constraint);
    let Some(foreign) = foreign else {
        return diagnosis(format!("a row of {} refers to a row that is not there", table.name));
    };
    let columns = foreign.columns.join(", ");
    let mut told = diagnosis(format!(
        "{columns} of {} refers to a row of {} that is not there",
        table.name, foreign.parent
    ));
    told.hints.push(format!("leave out {columns}: its parent is made then"));
    let there: Vec<String> =
        foreign.parent_columns.iter().map(|name| format!("{name}=…")).collect();
    told.hints.push(format!("seedbed make {} {}", foreign.parent, there.join(" ")));
    told
}

fn null(node: &Node, column: Option<&str>) -> Diagnosis {
    let table = &node.table.name;
    let column = column.unwrap_or("a column");
    let given = node.sources.contains_key(column);
    let triggers: Vec<&str> =
        node.table.triggers.iter().filter(|t| t.on_insert).map(|t| t.name.as_str()).collect();
    if given && !triggers.is_empty() {
        // It had a value, and computes another one from other columns.
        let mut told = diagnosis(format!("a trigger set {column} of {table} to NULL"));
        told.detail = Some(format!("triggers: {}", triggers.join(", ")));
        let others: Vec<String> = node.generated();
        let passed: Vec<String> =
            others.iter().filter(|name| *name != column).map(|name| format!("{name}=…")).collect();
        told.hints.push(format!("seedbed make {table} {}", passed.join(" ")));
        return told;
    }
    let mut told = diagnosis(format!("{column} of {table} would be NULL, which it cannot be"));
    told.hints.push(format!("seedbed make {table} {column}=…"));
    told
}

fn forbidden(entry: &Entry, table: &Table, trouble: &Trouble) -> Diagnosis {
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
        told.hints.push("pass values that the policies' WITH CHECK allows".to_owned());
    } else {
        told.hints.push(format!("GRANT SELECT, INSERT, UPDATE ON {own} TO {role}"));
    }
    told
}

fn waiting(table: &Table, trouble: &Trouble, state: &str) -> Diagnosis {
    // Those with locks on this table come first: others of the plan may be
    // waited for through a foreign key.
    let own = table.name.sql();
    let all = rows(trouble, evidence::WRITERS);
    let mut writers: Vec<_> = all.iter().filter(|row| text(row, 5) == Some(&own)).collect();
    writers.extend(all.iter().filter(|row| text(row, 5) != Some(&own)));
    let mut seen = std::collections::BTreeSet::new();
    let list: Vec<String> = writers
        .into_iter()
        .filter(|row| seen.insert(text(row, 2)))
        .filter_map(|row| {
            let name = text(row, 3).filter(|name| !name.is_empty()).unwrap_or("without a name");
            let state = text(row, 4).unwrap_or("state unknown");
            Some(format!("process {} ({name}, {state})", text(row, 2)?))
        })
        .collect();
    let message = if state == "40P01" {
        format!("two sessions wait for each other's rows of {}", table.name)
    } else {
        format!("a row of {} was waited for in vain", table.name)
    };
    let mut told = diagnosis(message);
    if !list.is_empty() {
        told.detail =
            Some(format!("locks on what the call needs are held by: {}", list.join("; ")));
    }
    told.hints.push("commit or roll back there first".to_owned());
    told.hints
        .push("make shared rows before the tests, so that none must wait for them".to_owned());
    told
}
