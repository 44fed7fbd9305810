//! The machine: first the ordinals that nobody used, if fresh rows are wanted;
//! then the values of each node, judged by the server where that is needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::plan::{Rows as Size, Values, ValuesRequest};
use seedbed_api::{Failure, Kind, Result};
use seedbed_model::RowRequest;

use super::distinct::distinct;
use super::domain::suffices;
use super::fresh::Search;
use super::identity::{Memo, Rows};
use super::judging::{Judging, is_judged};
use super::need::{Answer, Need};
use super::share::shared;
use crate::exhausted::exhausted;
use crate::graph::Node;
use crate::run::{Refusal, bounded};
use crate::shape::Entry;

/// Makes the values of one run.
#[derive(Debug)]
pub struct ValuesMachine {
    entry: Arc<Entry>,
    request: ValuesRequest,
    stage: Stage,
    ordinals: Vec<u64>,
    values: Values,
}

#[derive(Debug)]
enum Stage {
    Searching(Search),
    /// Values of this node and those after it are to be made.
    Node(usize),
    Judging(usize, Box<Judging>),
    Done,
}

impl ValuesMachine {
    /// # Errors
    /// `Config` where there would be more rows than one call may make: whoever
    /// asks need not have run a plan.
    pub(crate) fn new(entry: Arc<Entry>, request: ValuesRequest) -> Result<Self> {
        bounded(entry.graph.nodes.iter().map(|node| {
            let rows = match node.rows {
                Size::One => 1,
                Size::Times(times) => u64::from(times) * u64::from(request.count),
            };
            (node.name.as_str(), rows)
        }))?;
        let fresh = entry.graph.nodes[0].fresh;
        let stage = if fresh { Stage::Searching(Search::new()) } else { Stage::Node(0) };
        Ok(Self { entry, request, stage, ordinals: Vec::new(), values: Values::default() })
    }

    /// Goes on; `answer` is that to the last question, absent at the start.
    ///
    /// # Errors
    /// `Config` where no row meets the conditions, naming the condition.
    pub fn step(&mut self, answer: Option<Answer>) -> Result<Need> {
        let mut answer = answer;
        loop {
            let entry = Arc::clone(&self.entry);
            let rows = Rows {
                schema: &entry.schema,
                graph: &entry.graph,
                request: &self.request,
                ordinals: &self.ordinals,
            };
            match &mut self.stage {
                Stage::Searching(search) => match search.step(&rows, answer.take())? {
                    Ok(question) => return Ok(Need::Query(question)),
                    Err(ordinals) => {
                        self.ordinals = ordinals;
                        self.stage = Stage::Node(0);
                    }
                },
                Stage::Node(index) => {
                    let index = *index;
                    let Some(node) = entry.graph.nodes.get(index) else {
                        self.stage = Stage::Done;
                        continue;
                    };
                    suffices(&rows, index)?;
                    let wanted = wanted(node);
                    if wanted.is_empty() {
                        self.stage = Stage::Node(index + 1);
                    } else if is_judged(node) {
                        let judging = Judging::new(&rows, index, &missing(&rows, node));
                        self.stage = Stage::Judging(index, Box::new(judging));
                    } else {
                        let mut made = plain(&rows, index, &wanted)?;
                        distinct(&rows, index, &mut made)?;
                        self.values.0.insert(node.name.clone(), made);
                        self.stage = Stage::Node(index + 1);
                    }
                }
                Stage::Judging(index, judging) => match judging.step(&rows, answer.take())? {
                    Ok(question) => return Ok(Need::Query(question)),
                    Err(mut made) => {
                        let index = *index;
                        distinct(&rows, index, &mut made)?;
                        self.values.0.insert(entry.graph.nodes[index].name.clone(), made);
                        self.stage = Stage::Node(index + 1);
                    }
                },
                Stage::Done => return Ok(Need::Done(std::mem::take(&mut self.values))),
            }
        }
    }
}

impl ValuesMachine {
    /// The server refused the last question. True if that was for values that
    /// were proposed: [`Self::step`] without an answer goes on with others.
    #[must_use]
    pub fn refused(&mut self, refusal: &Refusal) -> bool {
        let entry = Arc::clone(&self.entry);
        let rows = Rows {
            schema: &entry.schema,
            graph: &entry.graph,
            request: &self.request,
            ordinals: &self.ordinals,
        };
        match &mut self.stage {
            Stage::Judging(_, judging) => judging.refused(&rows, refusal),
            _ => false,
        }
    }
}

/// Columns a node's rows are asked for.
pub(crate) fn wanted(node: &Node) -> Vec<String> {
    let columns = node.generated();
    columns.into_iter().filter(|name| !node.constants.contains_key(name)).collect()
}

/// The rows of a node that are to be made.
pub(super) fn missing(rows: &Rows<'_>, node: &Node) -> Vec<u32> {
    let size = rows.size(node);
    match rows.request.missing.get(&node.name) {
        Some(missing) => missing.iter().copied().filter(|row| *row < size).collect(),
        None => (0..size).collect(),
    }
}

/// By column, by row.
pub(super) type Columns = BTreeMap<String, Vec<Option<String>>>;

/// Room for every row of a node.
pub(super) fn room(rows: &Rows<'_>, node: &Node, wanted: &[String]) -> Columns {
    let size = rows.size(node) as usize;
    wanted.iter().map(|name| (name.clone(), vec![None; size])).collect()
}

fn plain(rows: &Rows<'_>, index: usize, wanted: &[String]) -> Result<Columns> {
    let node = &rows.graph.nodes[index];
    // In the table's order, in which values come: the next one is mostly it.
    let place = |name: &&String| node.table.columns.iter().position(|own| own.name == **name);
    let mut names: Vec<&String> = wanted.iter().collect();
    names.sort_by_key(place);
    let missing = missing(rows, node);
    let parts = shared(&missing, |part| lists(rows, index, part, &names, wanted))?;
    let mut made = room(rows, node, wanted);
    let mut places = missing.iter();
    for part in parts {
        let length = part.first().map_or(0, Vec::len);
        let (here, later) = places.as_slice().split_at(length);
        places = later.iter();
        for (name, values) in names.iter().zip(part) {
            if let Some(column) = made.get_mut(*name) {
                for (row, value) in here.iter().zip(values) {
                    column[*row as usize] = value;
                }
            }
        }
    }
    Ok(made)
}

/// The values of some rows, a list for each of `names`.
fn lists(
    rows: &Rows<'_>,
    index: usize,
    part: &[u32],
    names: &[&String],
    wanted: &[String],
) -> Result<Vec<Vec<Option<String>>>> {
    let mut lists: Vec<Vec<_>> = names.iter().map(|_| Vec::with_capacity(part.len())).collect();
    let mut last = Memo::default();
    for row in part {
        let values = columns_of(rows, index, *row, (0, &[]), (wanted, &mut last))?;
        let mut next = 0;
        for (name, value) in values {
            let mut places = (next..names.len()).chain(0..next);
            if let Some(place) = places.find(|place| names[*place] == name) {
                lists[place].push(value);
                next = place + 1;
            }
        }
    }
    Ok(lists)
}

/// The generated values of one row.
///
/// # Errors
/// `Config` where no row meets the conditions.
pub(crate) fn values_of(
    rows: &Rows<'_>,
    index: usize,
    row: u32,
    attempt: u32,
    wanted: &[String],
) -> Result<BTreeMap<String, Option<String>>> {
    values_as(rows, index, row, (attempt, &[]), wanted)
}

/// The same with other kinds of value, see [`seedbed_model::TableModel::row_as`].
///
/// # Errors
/// See [`values_of`].
pub(super) fn values_as(
    rows: &Rows<'_>,
    index: usize,
    row: u32,
    (attempt, guises): (u32, &[u32]),
    wanted: &[String],
) -> Result<BTreeMap<String, Option<String>>> {
    let last = &mut Memo::default();
    let made = columns_of(rows, index, row, (attempt, guises), (wanted, last))?;
    Ok(made.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The same by column in the table's order; `last` is what is known of the row
/// before.
fn columns_of<'a>(
    rows: &Rows<'a>,
    index: usize,
    row: u32,
    (attempt, guises): (u32, &[u32]),
    (wanted, last): (&[String], &mut Memo),
) -> Result<Vec<(&'a str, Option<String>)>> {
    let node = &rows.graph.nodes[index];
    let identity = rows.identity_after(last, index, row);
    let fixed = rows.fixed(node, row);
    let request = RowRequest {
        identity: identity.borrow(),
        fixed: &fixed,
        wanted,
        attempt,
        ordinal: u64::from(row),
    };
    let made = node.model.columns_as(&request, guises).map_err(|why| exhausted(node, why))?;
    let lacks = |name: &&String| !made.iter().any(|(own, _)| own == name);
    if made.len() != wanted.len()
        && let Some(lacking) = wanted.iter().find(lacks)
    {
        let message = format!("no value was made for {}.{lacking}", node.table.name);
        return Err(Failure::new(Kind::Bug, message)
            .hint(format!("seedbed make {} {lacking}=…", node.table.name)));
    }
    Ok(made)
}
