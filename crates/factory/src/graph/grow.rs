//! Lets the graph of a call grow: from the rows that were asked for up to their
//! parents and down to their children.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use seedbed_api::Result;
use seedbed_api::plan::{Policy, Rows};
use seedbed_model::{Fill, Settings, TableModel};
use seedbed_schema::{KeyPart, Schema, Table, TableName, UniqueKey};

use super::node::{Graph, Identity, Node, Place, Source};
use super::partition::partitioned;
use super::telling::Telling;
use crate::computed::opened;
use crate::key::{Asked, choose};
use crate::wanted::{Passed, Wanted, config};

/// More rows that need each other than this are a schema no test can fill.
const MOST: usize = 512;

/// The graph of a call.
///
/// # Errors
/// `Config` where a key cannot be chosen or a value cannot be made.
pub(crate) fn grow(schema: &Schema, settings: &Settings, wanted: &Wanted) -> Result<Graph> {
    let mut growing = Growing {
        schema,
        settings,
        nodes: Vec::new(),
        known: HashMap::new(),
        names: BTreeSet::new(),
    };
    growing.reserve(wanted);
    growing.wanted(wanted, None)?;
    let mut graph = Graph { nodes: growing.nodes, scope: wanted.scope.clone() };
    super::prune::prune(&mut graph);
    crate::constants::fill(&mut graph)?;
    Ok(graph)
}

/// A node to be.
pub(super) struct Seed {
    pub(super) table: Arc<Table>,
    pub(super) name: String,
    pub(super) rows: Rows,
    pub(super) place: Place,
    /// What is passed or given.
    pub(super) set: BTreeMap<String, Source>,
    pub(super) key: Vec<String>,
    pub(super) policy: Policy,
    pub(super) fresh: bool,
    /// Partial keys that no row has, for the values that are passed.
    pub(super) lacks: BTreeSet<String>,
    /// The view that statements are about.
    pub(super) through: Option<TableName>,
    /// The ordinal of its first row.
    pub(super) first: u64,
    /// Columns in which its rows must differ besides those of its keys.
    pub(super) apart: Vec<Vec<String>>,
}

/// What makes two implied parents the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sameness {
    pub(super) table: TableName,
    pub(super) first: u64,
    pub(super) given: Vec<(String, Source)>,
}

pub(super) struct Growing<'a> {
    pub(super) schema: &'a Schema,
    pub(super) settings: &'a Settings,
    pub(super) nodes: Vec<Node>,
    pub(super) known: HashMap<Sameness, usize>,
    pub(super) names: BTreeSet<String>,
}

impl Growing<'_> {
    fn reserve(&mut self, wanted: &Wanted) {
        self.names.insert(wanted.binding.clone());
        for child in &wanted.with {
            self.reserve(child);
        }
    }

    /// Rows that were asked for, and their children.
    fn wanted(&mut self, wanted: &Wanted, parent: Option<usize>) -> Result<()> {
        let mut set: BTreeMap<String, Source> = wanted
            .set
            .iter()
            .map(|(column, passed)| (column.clone(), Source::Argument(passed.clone())))
            .collect();
        let (place, rows) = match parent {
            None => (Place::Target, wanted.count.map_or(Rows::One, |_| Rows::Times(1))),
            Some(of) => {
                let each = wanted.count.unwrap_or(1);
                self.join(of, wanted, &mut set)?;
                let rows = match (self.nodes[of].rows, wanted.count) {
                    (Rows::One, None) => Rows::One,
                    (Rows::One, Some(count)) => Rows::Times(count),
                    (Rows::Times(times), count) => {
                        Rows::Times(times.saturating_mul(count.unwrap_or(1)))
                    }
                };
                (Place::Child { of, each }, rows)
            }
        };
        let node = self.add(Seed {
            table: Arc::clone(&wanted.table),
            name: wanted.binding.clone(),
            rows,
            place,
            set,
            key: wanted.key.clone(),
            policy: wanted.policy,
            fresh: wanted.fresh,
            lacks: wanted.lacks.clone(),
            through: wanted.through.clone(),
            first: 0,
            apart: Vec::new(),
        })?;
        for child in &wanted.with {
            self.wanted(child, Some(node))?;
        }
        Ok(())
    }

    /// Adds a node, and the parents it needs.
    pub(super) fn add(&mut self, seed: Seed) -> Result<usize> {
        if self.nodes.len() >= MOST {
            return Err(config(format!("a row of {} needs too many parents", seed.table.name)));
        }
        let mut table = seed.table;
        partitioned(self.schema, &mut table);
        opened(&mut table);
        let given: BTreeSet<String> = seed.set.keys().cloned().collect();
        let mut model = TableModel::new(self.schema, &table, self.settings, &given);
        let mut lacks = seed.lacks;
        lacks.extend(by_default(&table, &model, &given));
        let key = {
            let set: BTreeMap<String, Passed> = seed
                .set
                .iter()
                .filter_map(|(column, source)| match source {
                    Source::Argument(passed) => Some((column.clone(), passed.clone())),
                    _ => None,
                })
                .collect();
            let others = given.iter().filter(|name| !set.contains_key(*name)).cloned().collect();
            choose(&Asked {
                schema: self.schema,
                table: &table,
                model: &model,
                set: &set,
                given: &others,
                lacks: &lacks,
                key: &seed.key,
                many: seed.rows != Rows::One,
                fresh: seed.fresh,
            })?
        };
        let telling = Telling { table: &table, lacks: &lacks };
        let telling = telling.columns(&seed.set);
        let keys = table.keys.len();
        if !lacks.is_empty() {
            // There it is as if it had no such key.
            Arc::make_mut(&mut table).keys.retain(|key| !lacks.contains(&key.name));
        }
        let mut pretended: Vec<Vec<KeyPart>> = Vec::new();
        if key.is_content() && key.first().columns().any(|column| !given.contains(column)) {
            // What tells rows apart must differ between them.
            pretended.push(key.first().parts.clone());
        }
        pretended.extend(
            seed.apart.iter().map(|columns| columns.iter().map(|name| part(name)).collect()),
        );
        if !pretended.is_empty() || table.keys.len() < keys {
            Arc::make_mut(&mut table).keys.extend(pretended.into_iter().map(as_key));
            model = TableModel::new(self.schema, &table, self.settings, &given);
        }
        let index = self.nodes.len();
        self.nodes.push(Node {
            name: seed.name,
            table,
            model: Arc::new(model),
            rows: seed.rows,
            place: seed.place,
            key,
            sources: seed.set,
            identity: Identity::Key,
            constants: BTreeMap::new(),
            policy: seed.policy,
            fresh: seed.fresh,
            same_key: false,
            through: seed.through,
        });
        self.remember(index, seed.first);
        self.link_parents(index, seed.first)?;
        self.generate(index)?;
        self.identify(index, seed.first, telling);
        Ok(index)
    }

    /// A row that is entirely implied is the same wherever it is needed: also
    /// the one that was asked for, if nothing was passed.
    fn remember(&mut self, index: usize, first: u64) {
        let node = &self.nodes[index];
        let shareable = node.rows == Rows::One
            && !node.fresh
            && match node.place {
                Place::Target => node.sources.is_empty(),
                Place::Shared => true,
                Place::Child { .. } | Place::Own { .. } => false,
            };
        if shareable {
            let given = node.sources.iter().map(|(c, s)| (c.clone(), s.clone())).collect();
            let table = node.table.name.clone();
            self.known.insert(Sameness { table, first, given }, index);
        }
    }

    /// Columns that nothing gives a value to yet and that need one.
    fn generate(&mut self, index: usize) -> Result<()> {
        let node = &self.nodes[index];
        let mut generated = Vec::new();
        for column in &node.table.columns {
            let name = &column.name;
            if node.sources.contains_key(name) || column.generated.is_some() {
                continue;
            }
            let in_key = node.key.first().has(name);
            let fill = node.model.columns.iter().find(|model| model.name == *name);
            match fill.map(|model| &model.fill) {
                Some(Fill::Impossible { why, hint }) if in_key || column.is_required() => {
                    let message = format!("no value can be made for {}.{name}", node.table.name);
                    return Err(config(message).because(why.clone()).hint(hint.clone()));
                }
                Some(Fill::Generate(_)) => generated.push(name.clone()),
                _ if in_key || column.is_required() => generated.push(name.clone()),
                _ => {}
            }
        }
        let node = &mut self.nodes[index];
        for name in generated {
            node.sources.insert(name, Source::Generated);
        }
        let sources = &node.sources;
        node.key.tied.retain(|key| key.columns().all(|name| sources.contains_key(name)));
        Ok(())
    }

    /// `telling` are passed columns that narrow what ordinals are counted within,
    /// besides those of the key.
    fn identify(&mut self, index: usize, first: u64, telling: Vec<String>) {
        let node = &mut self.nodes[index];
        let columns: Vec<String> = node.key.first().columns().map(str::to_owned).collect();
        let is = |column: &String, wanted: fn(&Source) -> bool| {
            node.sources.get(column).is_some_and(wanted)
        };
        let generated = columns.iter().any(|column| is(column, |s| *s == Source::Generated));
        let mut within: Vec<String> = columns
            .iter()
            .filter(|column| is(column, |s| matches!(s, Source::Argument(_))))
            .cloned()
            .collect();
        let keyed = !generated && !node.fresh && (!within.is_empty());
        within.extend(telling.into_iter().filter(|name| !columns.contains(name)));
        node.identity = if keyed { Identity::Key } else { Identity::Ordinal { first, within } };
    }
}

/// What is no key of the table and yet must differ from row to row.
fn as_key(parts: Vec<KeyPart>) -> UniqueKey {
    UniqueKey {
        name: String::new(),
        parts,
        predicate: None,
        predicate_columns: Vec::new(),
        primary: false,
        constraint: false,
        immediate: true,
        nulls_not_distinct: true,
    }
}

fn part(column: &str) -> KeyPart {
    KeyPart {
        column: Some(column.to_owned()),
        expression: seedbed_schema::quote(column),
        columns: vec![column.to_owned()],
    }
}

/// Partial keys that a row lacks whose predicates mention nothing that is
/// given: defaults alone put it outside.
fn by_default(table: &Table, model: &TableModel, given: &BTreeSet<String>) -> Vec<String> {
    let is_by_default = |key: &&UniqueKey| {
        let Some(predicate) = &key.predicate else { return false };
        // Beside a column that varies a default is kept in the key as well.
        let has_default = |name: &str| model.default(name).is_some();
        let varies = key.columns().any(|name| !has_default(name));
        let open: Vec<&str> = key.columns().filter(|name| !varies || !has_default(name)).collect();
        !key.predicate_columns.iter().any(|name| given.contains(name))
            && model.is_inside(predicate, &BTreeMap::new(), &open) == Some(false)
    };
    table.keys.iter().filter(is_by_default).map(|key| key.name.clone()).collect()
}
