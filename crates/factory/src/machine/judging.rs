//! Rounds in which the server chooses among candidates: of each row several
//! alternatives are shown, the first that passes is taken, and rows without one
//! come again with others. Where the usual kinds of value are refused, the kinds
//! that are allowed are found first ([`super::scout`]). Rounds and questions are
//! bounded; then the condition is named.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_api::{Failure, Result};
use seedbed_model::judge::{self, Candidate};
use seedbed_schema::{Check, KeyPart, Table, UniqueKey};

use super::identity::Rows;
use super::need::{Answer, Question};
use super::scout::{Kinds, Scout};
use super::sieve::Sieve;
use super::values::{Columns, room, values_as, wanted};
use crate::graph::{Identity, Node, Source};
use crate::line::make_with;
use crate::run::Refusal;
use crate::said::safe;
use crate::wanted::config;

/// Alternatives of a row that are shown in each round.
const ROUNDS: [u32; 5] = [2, 6, 24, 96, 384];

/// Rounds before the kinds of value are looked into.
const USUAL_ROUNDS: usize = 2;

/// Questions for each row at most, and those beyond.
const QUESTIONS: (usize, usize) = (8, 2_000);

/// Rows that have their values and are shown again, so that others differ.
const HELD: usize = 2_000;

/// Candidates in one question; more rows are judged one part after the other.
const AT_ONCE: usize = 20_000;

/// Whether some of a node's conditions are for the server.
pub(super) fn is_judged(node: &Node) -> bool {
    if !node.model.judged.is_empty() {
        return true;
    }
    // By its first key a fresh row is unused and a keyed one is missing. What they
    // have besides may belong to any other row: its key was changed since, or two
    // keys are one to a person.
    if !node.fresh && node.identity != Identity::Key {
        return false;
    }
    let is_generated = |name: &str| node.sources.get(name) == Some(&Source::Generated);
    let first = node.key.first().index.as_deref();
    let is_other = |key: &UniqueKey| first != Some(key.name.as_str());
    let mut keys = node.table.keys.iter().filter(|key| tells_apart(node, key));
    !node.table.exclusions.is_empty()
        || keys.any(|key| {
            key.columns().any(|name| {
                is_generated(name) && (is_other(key) || node.model.domain(name).is_some())
            })
        })
}

/// The table with the keys that tell rows apart, and whether rows that are
/// there count. A row that is known by its ordinal is never another because of
/// what is there: it may be there itself, and is found by its key; it must only
/// differ from those made with it. The key that was passed is missing by now.
fn judged_table(node: &Node) -> (Table, bool) {
    let mut table = Table::clone(&node.table);
    table.keys.retain(|key| tells_apart(node, key));
    let beside_rows = node.fresh || node.identity == Identity::Key;
    table.exclusions.retain(|exclusion| beside_rows && may_be_drawn(node, &exclusion.parts));
    (table, beside_rows)
}

/// Whether a key is one of those, see [`judged_table`].
fn tells_apart(node: &Node, key: &UniqueKey) -> bool {
    if !node.fresh && node.identity != Identity::Key {
        let is_generated = |name: &String| {
            matches!(node.sources.get(name), Some(Source::Generated | Source::Default(_)))
        };
        return key.parts.iter().flat_map(|part| &part.columns).all(is_generated);
    }
    let passed = &node.key.identifiers;
    let is_passed = || passed.iter().any(|one| one.index.as_deref() == Some(key.name.as_str()));
    !key.name.is_empty() && (node.fresh || !is_passed()) && may_be_drawn(node, &key.parts)
}

/// Whether other values can be drawn for a key. Where all of it was passed, no
/// candidate would do: the insert finds that out and tells which row is there.
fn may_be_drawn(node: &Node, parts: &[KeyPart]) -> bool {
    parts.iter().flat_map(|part| &part.columns).any(|name| {
        node.sources.get(name) == Some(&Source::Generated)
            || node.column(name).is_some_and(|column| column.generated.is_some())
    })
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
    phase: Phase,
    /// What was chosen, if later rows must differ from it.
    held: Vec<Candidate>,
    /// The kinds of value that are allowed, once they were looked for.
    kinds: Option<Kinds>,
    /// Questions that may still be asked.
    questions: usize,
    /// What the server said when it raised an error last.
    said: Option<String>,
}

/// What the next answer is to.
#[derive(Debug)]
enum Phase {
    /// Which of these candidates pass; `true` if none raises an error alone.
    Asking(Vec<Candidate>, bool),
    /// Which raise errors.
    Sifting(Sieve),
    /// Which kinds of value are allowed.
    Scouting(Scout),
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
            phase: Phase::Asking(Vec::new(), false),
            held: Vec::new(),
            kinds: None,
            questions: QUESTIONS.0.saturating_mul(missing.len()).saturating_add(QUESTIONS.1),
            said: None,
        }
    }

    /// The next question, or the values.
    pub(super) fn step(
        &mut self,
        rows: &Rows<'_>,
        answer: Option<Answer>,
    ) -> Result<std::result::Result<Question, Columns>> {
        let node = &rows.graph.nodes[self.index];
        self.questions = self.questions.checked_sub(1).ok_or_else(|| self.refusal(node))?;
        let mut answer = answer;
        loop {
            match &mut self.phase {
                Phase::Scouting(scout) => match scout.step(rows, answer.take())? {
                    Ok(question) => return Ok(Ok(question)),
                    Err(kinds) => {
                        self.kinds = Some(kinds);
                        self.phase = Phase::Asking(Vec::new(), false);
                    }
                },
                Phase::Sifting(sieve) => {
                    if let Some(answer) = answer.take() {
                        let passed = judge::passed(&answer)?;
                        let passed: BTreeSet<(u32, u32)> =
                            passed.iter().map(|one| (one.row, one.attempt)).collect();
                        sieve.answered(|_, one| passed.contains(&(one.row, one.attempt)));
                    }
                    if let Some(batch) = sieve.next() {
                        return Ok(Ok(question(rows, node, batch)));
                    }
                    let kept = std::mem::replace(sieve, Sieve::new(Vec::new())).kept();
                    if kept.is_empty() {
                        self.shown.clear();
                        self.phase = Phase::Asking(kept, false);
                        continue;
                    }
                    // Once more together: only then are they compared.
                    return Ok(Ok(self.ask(rows, kept, true)));
                }
                Phase::Asking(..) => {
                    if let Some(answer) = answer.take() {
                        self.take(node, &answer)?;
                    }
                    if let Some(candidates) = self.next(rows, node)? {
                        return Ok(Ok(self.ask(rows, candidates, false)));
                    }
                    if matches!(self.phase, Phase::Asking(..)) {
                        return Ok(Err(std::mem::take(&mut self.made)));
                    }
                }
            }
        }
    }

    /// The server raised an error instead of an answer; false if that says
    /// nothing of the candidates.
    pub(super) fn refused(&mut self, rows: &Rows<'_>, refusal: &Refusal) -> bool {
        if !is_of_values(&refusal.sqlstate) {
            return false;
        }
        let node = &rows.graph.nodes[self.index];
        self.said = safe(&refusal.sqlstate, &refusal.message);
        match &mut self.phase {
            Phase::Scouting(scout) => scout.refused(),
            Phase::Sifting(sieve) => sieve.refused(),
            Phase::Asking(_, true) => return false,
            Phase::Asking(..) if self.kinds.is_none() && !node.model.groups.is_empty() => {
                self.shown.clear();
                self.scout();
            }
            Phase::Asking(candidates, false) => {
                let mut sieve = Sieve::new(std::mem::take(candidates));
                let _ = sieve.next();
                sieve.refused();
                self.phase = Phase::Sifting(sieve);
            }
        }
        true
    }

    /// Looks for the kinds that are allowed; then all rows come again.
    fn scout(&mut self) {
        self.waiting.append(&mut self.left);
        self.waiting.sort_unstable_by(|a, b| b.cmp(a));
        self.round = 0;
        let row = self.waiting.last().copied().unwrap_or(0);
        self.phase = Phase::Scouting(Scout::new(self.index, row, self.wanted.clone()));
    }

    /// The next candidates; nothing if every row has its values, or kinds are to
    /// be looked for before.
    fn next(&mut self, rows: &Rows<'_>, node: &Node) -> Result<Option<Vec<Candidate>>> {
        loop {
            if self.waiting.is_empty() {
                if self.left.is_empty() {
                    return Ok(None);
                }
                self.round += 1;
                if self.round == USUAL_ROUNDS
                    && self.kinds.is_none()
                    && !node.model.groups.is_empty()
                {
                    self.scout();
                    return Ok(None);
                }
                self.waiting = std::mem::take(&mut self.left);
                self.waiting.sort_unstable_by(|a, b| b.cmp(a));
            }
            let Some(alternatives) = ROUNDS.get(self.round) else { return Err(self.refusal(node)) };
            let first: u32 = ROUNDS[..self.round].iter().sum();
            let mut candidates = Vec::new();
            while candidates.len() < AT_ONCE {
                let Some(row) = self.waiting.pop() else { break };
                self.left.push(row);
                for number in first..first + alternatives {
                    let (guises, attempt) = match &self.kinds {
                        Some(kinds) => kinds.of(number),
                        None => (Vec::new(), number),
                    };
                    let made = values_as(rows, self.index, row, (attempt, &guises), &self.wanted);
                    let values = match made {
                        Ok(values) => values,
                        // This kind does not fit; the next one may.
                        Err(_) if guises.iter().any(|guise| *guise > 0) => continue,
                        // No more alternatives; the first must exist.
                        Err(_) if number > 0 => break,
                        Err(failure) => return Err(failure),
                    };
                    let mut all = rows.fixed(node, row);
                    all.extend(values.clone());
                    self.shown.insert((row, number), values);
                    candidates.push(Candidate { row, attempt: number, values: all });
                }
            }
            if !candidates.is_empty() {
                return Ok(Some(candidates));
            }
        }
    }

    fn ask(&mut self, rows: &Rows<'_>, candidates: Vec<Candidate>, sifted: bool) -> Question {
        let node = &rows.graph.nodes[self.index];
        let asked = if self.held.is_empty() {
            question(rows, node, &candidates)
        } else {
            question(rows, node, &[self.held.as_slice(), &candidates].concat())
        };
        self.phase = Phase::Asking(candidates, sifted);
        asked
    }

    fn take(&mut self, node: &Node, answer: &Answer) -> Result<()> {
        let mut passed = judge::passed(answer)?;
        let groups = |one: &judge::Passed| -> Vec<(usize, u64)> {
            let groups = one.groups.iter().enumerate();
            groups.filter_map(|(key, group)| Some((key, (*group)?))).collect()
        };
        let held: BTreeSet<u32> = self.held.iter().map(|one| one.row).collect();
        let taken: BTreeSet<(usize, u64)> =
            passed.iter().filter(|one| held.contains(&one.row)).flat_map(groups).collect();
        passed.retain(|one| {
            !held.contains(&one.row) && !groups(one).iter().any(|group| taken.contains(group))
        });
        let chosen = judge::choose(&passed);
        if self.held.len() + chosen.len() <= HELD
            && !judged_table(node).0.keys.is_empty()
            && let Phase::Asking(candidates, _) = &mut self.phase
        {
            let candidates = std::mem::take(candidates).into_iter();
            self.held.extend(candidates.filter(|one| chosen.get(&one.row) == Some(&one.attempt)));
        }
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

    /// No row was found: names the conditions for which nothing was, all of
    /// them if that is not known.
    fn refusal(&self, node: &Node) -> Failure {
        let table = &node.table.name;
        let groups = self.kinds.iter().flat_map(|kinds| &kinds.stuck);
        let mut stuck: Vec<usize> =
            groups.flat_map(|group| node.model.groups[*group].judged.iter().copied()).collect();
        stuck.sort_unstable();
        let judged = &node.model.judged;
        let failing: Vec<&Check> = if stuck.is_empty() {
            judged.iter().collect()
        } else {
            stuck.iter().map(|at| &judged[*at]).collect()
        };
        let mut told: Vec<String> =
            failing.iter().map(|check| format!("{}: {}", check.name, check.expression)).collect();
        told.extend(self.said.iter().map(|said| format!("server: {said}")));
        let mut failure = config(format!("no row of {table} was found that meets its conditions"));
        if !told.is_empty() {
            failure = failure.detail(told.join("\n"));
        }
        let mut columns: Vec<&String> = failing.iter().flat_map(|check| &check.columns).collect();
        columns.sort();
        columns.dedup();
        let is_generated = |name: &&&String| node.sources.get(**name) == Some(&Source::Generated);
        if columns.iter().any(|name| is_generated(&name)) {
            columns.retain(|name| is_generated(&name));
        }
        if columns.is_empty() {
            // Every value that a unique column can hold may be taken.
            let unique = judged_table(node).0;
            let keys = unique.keys.iter().flat_map(UniqueKey::columns);
            let mut names: Vec<&str> = keys.collect();
            names.sort_unstable();
            names.dedup();
            return failure.hint(make_with(&table.to_string(), &names));
        }
        let columns: Vec<&str> = columns.into_iter().map(String::as_str).collect();
        failure.hint(make_with(&table.to_string(), &columns))
    }
}

fn question(rows: &Rows<'_>, node: &Node, candidates: &[Candidate]) -> Question {
    let (table, beside_rows) = judged_table(node);
    let ask = if beside_rows { judge::candidates } else { judge::compared };
    let asked = ask(rows.schema, &table, &node.model.judged, candidates);
    Question { sql: asked.sql, parameters: asked.parameters }
}

/// Whether an error is one that an expression raises for some values: not of
/// the connection, the transaction, resources, rights or an operator.
fn is_of_values(sqlstate: &str) -> bool {
    let class = sqlstate.get(..2).unwrap_or_default();
    matches!(class, "20" | "21" | "22" | "23" | "2F" | "38" | "39" | "42" | "P0")
        && sqlstate != "42501"
}
