//! Rounds in which the server chooses among candidates: of each row several
//! alternatives are shown, the first that passes is taken, and rows without one
//! come again with others. The rounds are bounded; then the condition is named.

use std::collections::BTreeMap;

use seedbed_api::{Failure, Result};
use seedbed_model::judge::{self, Candidate};
use seedbed_schema::Table;

use super::identity::Rows;
use super::need::{Answer, Question};
use super::values::{Columns, room, values_of, wanted};
use crate::graph::{Identity, Node, Source};
use crate::wanted::config;

/// Alternatives of a row that are shown in each round.
const ROUNDS: [u32; 5] = [2, 6, 24, 96, 384];

/// Candidates in one question; more rows are judged one part after the other.
const AT_ONCE: usize = 20_000;

/// Whether some of a node's conditions are for the server.
pub(super) fn is_judged(node: &Node) -> bool {
    if !node.model.judged.is_empty() {
        return true;
    }
    let may_be_taken = node.fresh || node.identity == Identity::Key;
    let scarce = judged_table(node).keys.iter().any(|key| {
        key.columns().any(|name| {
            node.sources.get(name) == Some(&Source::Generated) && node.model.domain(name).is_some()
        })
    });
    may_be_taken && (scarce || !node.table.exclusions.is_empty())
}

/// The table with the keys that a row may find taken. A row that is known by
/// its ordinal is never another because of what is there: it may be there
/// itself, and is found by its key. The key that was passed is missing by now.
fn judged_table(node: &Node) -> Table {
    let mut table = Table::clone(&node.table);
    table.keys.retain(|key| !key.name.is_empty());
    if node.fresh {
        return table;
    }
    if node.identity == Identity::Key {
        let identifiers = &node.key.identifiers;
        table.keys.retain(|key| {
            !identifiers.iter().any(|one| one.index.as_deref() == Some(key.name.as_str()))
        });
    } else {
        table.keys.clear();
        table.exclusions.clear();
    }
    table
}

/// The judging of one node's rows.
#[derive(Debug)]
pub(super) struct Judging {
    index: usize,
    wanted: Vec<String>,
    made: Columns,
    /// Rows without values, and the alternatives they were shown.
    left: Vec<u32>,
    round: usize,
    /// Rows that this round has not shown yet.
    waiting: Vec<u32>,
    shown: BTreeMap<(u32, u32), BTreeMap<String, Option<String>>>,
}

impl Judging {
    pub(super) fn new(rows: &Rows<'_>, index: usize, missing: &[u32]) -> Self {
        let node = &rows.graph.nodes[index];
        let wanted = wanted(node);
        Self {
            index,
            made: room(rows, node, &wanted),
            wanted,
            waiting: missing.iter().rev().copied().collect(),
            left: Vec::new(),
            round: 0,
            shown: BTreeMap::new(),
        }
    }

    /// The next question, or the values.
    pub(super) fn step(
        &mut self,
        rows: &Rows<'_>,
        answer: Option<Answer>,
    ) -> Result<std::result::Result<Question, Columns>> {
        if let Some(answer) = answer {
            self.take(&answer)?;
        }
        if self.waiting.is_empty() {
            if self.left.is_empty() {
                return Ok(Err(std::mem::take(&mut self.made)));
            }
            self.round += 1;
            self.waiting = std::mem::take(&mut self.left);
            self.waiting.sort_unstable_by(|a, b| b.cmp(a));
        }
        let node = &rows.graph.nodes[self.index];
        let Some(alternatives) = ROUNDS.get(self.round) else { return Err(refused(node)) };
        let first: u32 = ROUNDS[..self.round].iter().sum();
        let mut candidates = Vec::new();
        while candidates.len() < AT_ONCE {
            let Some(row) = self.waiting.pop() else { break };
            for attempt in first..first + alternatives {
                let values = match values_of(rows, self.index, row, attempt, &self.wanted) {
                    Ok(values) => values,
                    // No more alternatives; the first must exist.
                    Err(_) if attempt > 0 => break,
                    Err(failure) => return Err(failure),
                };
                let mut all = rows.fixed(node, row);
                all.extend(values.clone());
                self.shown.insert((row, attempt), values);
                candidates.push(Candidate { row, attempt, values: all });
            }
            self.left.push(row);
        }
        if candidates.is_empty() {
            return Err(refused(node));
        }
        let table = judged_table(node);
        let asked = judge::candidates(rows.schema, &table, &node.model.judged, &candidates);
        Ok(Ok(Question { sql: asked.sql, parameters: asked.parameters }))
    }

    fn take(&mut self, answer: &Answer) -> Result<()> {
        let chosen = judge::choose(&judge::passed(answer)?);
        for (row, attempt) in &chosen {
            let Some(values) = self.shown.remove(&(*row, *attempt)) else { continue };
            for (name, value) in values {
                if let Some(column) = self.made.get_mut(&name) {
                    column[*row as usize] = value;
                }
            }
        }
        self.left.retain(|row| !chosen.contains_key(row));
        self.shown.clear();
        Ok(())
    }
}

fn refused(node: &Node) -> Failure {
    let table = &node.table.name;
    let message = format!("no row of {table} was found that meets its conditions");
    let texts: Vec<String> = node
        .model
        .judged
        .iter()
        .map(|check| format!("{}: CHECK ({})", check.name, check.expression))
        .collect();
    let mut failure = config(message);
    if !texts.is_empty() {
        failure = failure.detail(texts.join("\n"));
    }
    let concerned = node.model.judged.iter().flat_map(|check| &check.columns);
    let mut columns: Vec<&String> =
        concerned.filter(|name| node.sources.get(*name) == Some(&Source::Generated)).collect();
    columns.sort();
    columns.dedup();
    if columns.is_empty() {
        return failure.hint("every value a unique column can hold may be taken");
    }
    let passed: Vec<String> = columns.iter().map(|name| format!("{name}=…")).collect();
    failure.hint(format!("seedbed make {table} {}", passed.join(" ")))
}
