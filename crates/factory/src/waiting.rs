//! A statement that was ended while it waited, or while it ran.

use seedbed_api::plan::{Diagnosis, Trouble};

use crate::compile::names as evidence;
use crate::diagnose::{diagnosis, rows, text};
use crate::graph::Node;
use crate::line::repeat;

/// By `statement_timeout` or a person, and no other session has a lock.
pub(crate) fn cancelled(node: &Node) -> Diagnosis {
    let mut told = diagnosis(format!("the statement for {} was cancelled", node.table.name));
    let triggers: Vec<&str> = node.table.triggers.iter().map(|one| one.name.as_str()).collect();
    if !triggers.is_empty() {
        told.detail = Some(format!("triggers: {}", triggers.join(", ")));
    }
    told.hints.push("SET statement_timeout = 0".to_owned());
    told.hints.push(repeat(node));
    told
}

/// Another session is in the way: which one.
pub(crate) fn waiting(node: &Node, trouble: &Trouble, state: &str) -> Diagnosis {
    let table = &node.table;
    // Those with locks on this table come first: others of the plan may be
    // waited for through a foreign key.
    let own = table.name.sql();
    let all = rows(trouble, evidence::WRITERS);
    let mut writers: Vec<_> = all.iter().filter(|row| text(row, 5) == Some(&own)).collect();
    writers.extend(all.iter().filter(|row| text(row, 5) != Some(&own)));
    let mut seen = std::collections::BTreeSet::new();
    let first = writers.first().and_then(|row| text(row, 2)).map(str::to_owned);
    let list: Vec<String> = writers
        .into_iter()
        .filter(|row| seen.insert(text(row, 2)))
        .filter_map(|row| {
            let name = text(row, 3).filter(|name| !name.is_empty()).unwrap_or("without a name");
            let state = text(row, 4).unwrap_or("state unknown");
            Some(format!("process {} ({name}, {state})", text(row, 2)?))
        })
        .collect();
    let message = match state {
        "40P01" => format!("two sessions wait for each other's rows of {}", table.name),
        // Nothing says whether it waited.
        "57014" => {
            format!("the statement for {} was cancelled, perhaps while it waited", table.name)
        }
        _ => format!("a row of {} was waited for in vain", table.name),
    };
    let mut told = diagnosis(message);
    if !list.is_empty() {
        told.detail =
            Some(format!("locks on what the call needs are held by: {}", list.join("; ")));
    }
    if let Some(process) = first {
        // Or commit or roll back there.
        told.hints.push(format!("SELECT pg_terminate_backend({process})"));
    }
    told.hints.push(format!("{}   # before the tests, so that none waits for it", repeat(node)));
    told
}
