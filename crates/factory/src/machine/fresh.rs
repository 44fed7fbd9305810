//! Ordinals that nobody used, for fresh rows. Used ones mostly lie together at
//! the beginning, so their end is found by doubling and then narrowing: a few
//! questions, however many there are. Rows that nothing generated tells apart are
//! simply counted.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_api::plan::Parameter;
use seedbed_api::{Failure, Kind, Result};

use super::domain::{holds, limit};
use super::identity::Rows;
use super::need::{Answer, Question};
use super::values::values_of;
use crate::compile::taken;
use crate::graph::{Node, Source};
use crate::line::make_with;
use crate::wanted::config;

/// Ordinals asked for in one question while narrowing, and at least in others.
const FAN: u64 = 64;

/// Ordinals asked for in one question where fewer are wanted.
const MOST: u64 = 16_384;

/// With fewer different contents than these, fresh rows are soon alike.
const FEW: u64 = 65_536;

/// Questions in a row whose answer is that all were used: after the end of the
/// used ones there are few at most, such as other people's rows.
const VAIN: u32 = 16;

/// The search.
#[derive(Debug)]
pub(super) struct Search {
    stage: Stage,
    asked: Vec<u64>,
    found: Vec<u64>,
    /// Questions without an unused ordinal, one after the other.
    vain: u32,
}

#[derive(Debug)]
enum Stage {
    Start,
    Counting,
    Doubling,
    /// `low` is used (or nothing is), `high` is not.
    Narrowing {
        low: u64,
        high: u64,
    },
    /// Taking unused ones from here on.
    Taking {
        next: u64,
    },
}

impl Search {
    pub(super) fn new() -> Self {
        Self { stage: Stage::Start, asked: Vec::new(), found: Vec::new(), vain: 0 }
    }

    /// The next question, or the ordinals.
    pub(super) fn step(
        &mut self,
        rows: &Rows<'_>,
        answer: Option<Answer>,
    ) -> Result<std::result::Result<Question, Vec<u64>>> {
        let node = &rows.graph.nodes[0];
        let wanted = rows.size(node) as usize;
        let used = |answer: &Answer| -> BTreeSet<u64> {
            answer.iter().filter_map(|row| row.first()?.as_ref()?.parse().ok()).collect()
        };
        match (&self.stage, answer) {
            (Stage::Start, _) if !tells(node) => {
                self.stage = Stage::Counting;
                let table = node.table.own_rows();
                let sql = format!("SELECT pg_catalog.count(*)::text FROM {table}");
                Ok(Ok(Question { sql, parameters: Vec::new() }))
            }
            (Stage::Counting, Some(answer)) => {
                let start = used(&answer).first().copied().unwrap_or(0);
                Ok(Err((start..).take(wanted).collect()))
            }
            (Stage::Start, _) => {
                self.stage = Stage::Doubling;
                // From the limit on, rows are those of lower ordinals again.
                let limit = limit(node).unwrap_or(u64::MAX);
                let powers = (0..40).map(|power| (1_u64 << power) - 1);
                let mut powers: Vec<u64> = powers.take_while(|power| *power < limit).collect();
                if powers.len() < 40 {
                    powers.push(limit.saturating_sub(1));
                }
                self.ask(rows, powers)
            }
            (Stage::Doubling, Some(answer)) => {
                let used = used(&answer);
                let free = self.asked.iter().copied().filter(|ordinal| !used.contains(ordinal));
                // Where all of them are used there may be gaps.
                let high = free.min().unwrap_or(0);
                let low = used.iter().copied().filter(|ordinal| *ordinal < high).max();
                self.narrow(rows, low.map_or(0, |low| low + 1), high)
            }
            (Stage::Narrowing { low, high }, Some(answer)) => {
                let (low, high, used) = (*low, *high, used(&answer));
                let free = self.asked.iter().copied().filter(|ordinal| !used.contains(ordinal));
                let high = free.min().unwrap_or(high);
                let below = used.into_iter().filter(|ordinal| *ordinal < high).max();
                self.narrow(rows, below.map_or(low, |below| below + 1), high)
            }
            (Stage::Taking { next }, Some(answer)) => {
                let (next, used) = (*next, used(&answer));
                let free = self.asked.iter().copied().filter(|ordinal| !used.contains(ordinal));
                let before = self.found.len();
                self.found.extend(free.take(wanted - before));
                self.vain = if self.found.len() > before { 0 } else { self.vain + 1 };
                if self.found.len() >= wanted {
                    return Ok(Err(std::mem::take(&mut self.found)));
                }
                self.take(rows, next, wanted)
            }
            (_, None) => Err(Failure::new(Kind::Bug, "the machine was given no answer")),
        }
    }

    /// All below `low` may be used, `high` is not.
    fn narrow(
        &mut self,
        rows: &Rows<'_>,
        low: u64,
        high: u64,
    ) -> Result<std::result::Result<Question, Vec<u64>>> {
        if low >= high {
            let wanted = rows.size(&rows.graph.nodes[0]) as usize;
            return self.take(rows, high, wanted);
        }
        let width = high - low;
        let step = width.div_ceil(FAN).max(1);
        self.stage = Stage::Narrowing { low, high };
        self.ask(rows, (low..high).step_by(usize::try_from(step).unwrap_or(usize::MAX)).collect())
    }

    fn take(
        &mut self,
        rows: &Rows<'_>,
        next: u64,
        wanted: usize,
    ) -> Result<std::result::Result<Question, Vec<u64>>> {
        let many = ((wanted - self.found.len()) as u64).max(FAN);
        // In vain it grows, so that a long stretch of used ones is passed soon.
        let many = (many << self.vain).min(many.max(MOST));
        let node = &rows.graph.nodes[0];
        holds(node, next)?;
        if self.vain > 0 && key(node).is_empty() && !node.key.is_content() {
            // No other ordinal has another key.
            return Err(is_there(node));
        }
        if self.vain >= VAIN {
            let message = format!("no unused row of {} is found", node.table.name);
            return Err(config(message).hint(make_with(&node.table.name.to_string(), &key(node))));
        }
        self.stage = Stage::Taking { next: next + many };
        let end = limit(node).unwrap_or(u64::MAX).min(next + many);
        self.ask(rows, (next..end).collect())
    }

    /// Which of these ordinals have their row already?
    fn ask(
        &mut self,
        rows: &Rows<'_>,
        ordinals: Vec<u64>,
    ) -> Result<std::result::Result<Question, Vec<u64>>> {
        let (sql, parameters) = taken(rows.schema, rows.graph, 0)?;
        let arrays = parameters
            .iter()
            .map(|parameter| array(rows, parameter, &ordinals).map(Some))
            .collect::<Result<Vec<_>>>()?;
        self.asked = ordinals;
        Ok(Ok(Question { sql, parameters: arrays }))
    }
}

/// A parameter for rows of these ordinals, as an array literal.
fn array(rows: &Rows<'_>, parameter: &Parameter, ordinals: &[u64]) -> Result<String> {
    let mut texts: Vec<Option<String>> = Vec::with_capacity(ordinals.len());
    let mut known: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for ordinal in ordinals {
        texts.push(match parameter {
            Parameter::Ordinals => Some(ordinal.to_string()),
            Parameter::Text(text) => text.clone(),
            Parameter::Argument(name) => rows.argument(name, 0).flatten().map(str::to_owned),
            Parameter::Value(binding, column) => {
                let index = rows.graph.nodes.iter().position(|node| node.name == *binding);
                let index = index.unwrap_or(0);
                let wanted = known.entry(index).or_insert_with(|| names(&rows.graph.nodes[index]));
                let moved = Rows { ordinals: std::slice::from_ref(ordinal), ..*rows };
                values_of(&moved, index, 0, 0, wanted)?.remove(column).flatten()
            }
            Parameter::Ref(..) | Parameter::Number(_) => None,
        });
    }
    Ok(literal(&texts))
}

/// Whether generated values tell its rows apart: where no key asks for it, only
/// if there are enough of them.
fn tells(node: &Node) -> bool {
    if !node.key.is_content() {
        return !node.generated().is_empty();
    }
    let generated = key(node);
    let domain = generated
        .iter()
        .try_fold(1_u64, |product, name| Some(product.saturating_mul(node.model.domain(name)?)));
    !generated.is_empty() && domain.is_none_or(|domain| domain > FEW)
}

/// All of its key was passed, and a row has it.
fn is_there(node: &Node) -> Failure {
    let table = node.table.name.to_string();
    let first = node.key.first();
    let message = format!("a row of {table} with this {} is there", first.words().join(", "));
    config(message)
        .because("a fresh row has a key that no row has")
        .hint(make_with(&table, &first.columns().collect::<Vec<_>>()))
}

/// The generated columns of its key, which a person can pass instead.
fn key(node: &Node) -> Vec<&str> {
    let generated = |name: &&str| node.sources.get(*name) == Some(&Source::Generated);
    node.key.first().columns().filter(generated).collect()
}

fn names(node: &Node) -> Vec<String> {
    let is = |name: &&String| node.sources.get(*name) == Some(&Source::Generated);
    node.table.columns.iter().map(|column| &column.name).filter(is).cloned().collect()
}

fn literal(texts: &[Option<String>]) -> String {
    let element = |text: &Option<String>| match text {
        None => "NULL".to_owned(),
        Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    format!("{{{}}}", texts.iter().map(element).collect::<Vec<_>>().join(","))
}
