//! The order of a plan's steps. For each row that was asked for: look it up;
//! only if it is missing, its parents; then make it, and look again in a new
//! statement, since another session may have made it meanwhile (a statement does
//! not see what was committed after it began); once more, since that one may be
//! gone again; then give up with evidence.

use seedbed_api::Result;
use seedbed_api::plan::{
    Binding, Column, Outcome, Parameter, Plan, Policy, Rows, Step, Target, VERSION,
};
use seedbed_schema::Schema;

use super::circle::circle;
use super::condition::kept;
use super::evidence::evidence;
use super::insert::{insert, insert_beside};
use super::lock::{lock, turn};
use super::look_up::{Which, look_up};
use super::normal::{columns, normalise};
use super::raising::{may_refuse, raises};
use super::twins::twins;
use super::update::update;
use crate::graph::{Graph, Node, Place, Source, order};
use crate::natural::needs_server;

/// unique_violation, exclusion_violation: the row may be there by now.
const CLASHES: [&str; 2] = ["23505", "23P01"];

/// foreign_key_violation: another session made a parent of a circle first.
const ORPHAN: &str = "23503";

/// The plan of a graph.
///
/// # Errors
/// `Config` where rows need each other and nothing can come first.
pub(crate) fn plan(schema: &Schema, graph: &Graph, shape: String) -> Result<Plan> {
    let mut writer = Writer { schema, graph, steps: Vec::new(), normalised: Vec::new() };
    writer.write()?;
    let nodes = &graph.nodes;
    let mut bindings: Vec<Binding> =
        order(graph).into_iter().flatten().map(|node| binding(&nodes[node])).collect();
    bindings.extend(nodes.iter().filter(|node| needs_server(schema, node)).map(keys));
    let mut evidence = evidence(schema, graph);
    evidence.extend((0..nodes.len()).filter_map(|node| twins(schema, graph, node)));
    Ok(Plan {
        plan: VERSION,
        shape,
        transaction: nodes.len() > 1
            || nodes.iter().any(|node| leaves_something(node) || is_updated_in_doubt(node)),
        bindings,
        steps: writer.steps,
        result: nodes[0].name.clone(),
        evidence,
    })
}

/// Whether a call that fails could leave something behind without a
/// transaction: some of several rows, what a trigger did for a row that it
/// suppressed or a statement that made none; and whether there is an advisory
/// lock, which ends with it. One row without triggers is made or changed by the last statement that writes, or not
/// at all.
fn leaves_something(node: &Node) -> bool {
    node.rows != Rows::One
        || is_guarded(node)
        || node.through.is_some()
        || node.is_changed_by_insert()
        || node.table.counts_inserts
        || node.fresh
        || node.key.is_content()
}

/// Whether an update may do something else than was asked for, so that it must
/// be undone: a trigger writes its own values, or no primary key says which one
/// row it is about.
fn is_updated_in_doubt(node: &Node) -> bool {
    node.policy == Policy::Converge
        && !super::condition::compared(node).is_empty()
        && (node.table.primary_key().is_none() || node.is_changed_by_update())
}

fn binding(node: &Node) -> Binding {
    let column = |column: &seedbed_schema::Column| Column {
        name: column.name.clone(),
        type_name: column.data_type.sql.clone(),
    };
    Binding {
        name: node.name.clone(),
        table: node.table.name.sql(),
        rows: node.rows,
        columns: node.table.columns.iter().map(column).collect::<Vec<_>>().into(),
        key_of: None,
        kept: kept(node).into_iter().map(|column| column.name.clone()).collect(),
    }
}

fn keys(node: &Node) -> Binding {
    Binding {
        name: key_name(node),
        table: node.table.name.sql(),
        rows: node.rows,
        columns: columns(node).into(),
        key_of: Some(node.name.clone()),
        kept: Vec::new(),
    }
}

fn key_name(node: &Node) -> String {
    format!("{}: key", node.name)
}

struct Writer<'a> {
    schema: &'a Schema,
    graph: &'a Graph,
    steps: Vec<Step>,
    /// Nodes whose keys are normalised by now.
    normalised: Vec<usize>,
}

impl Writer<'_> {
    fn write(&mut self) -> Result<()> {
        if self.graph.nodes[0].fresh {
            // Before values are asked for: which ordinals nobody used must stay
            // true until the rows are there.
            let (sql, parameters) = turn(self.graph, 0);
            let step = self.push(0, "wait for others", Target::Missing, &[], sql, parameters);
            step.savepoint = true;
        }
        let early = self.asks_early()?;
        if early {
            // Values are asked for before the first row is looked up.
            self.normalise(None);
        }
        let groups = order(self.graph);
        let asked: Vec<usize> = (0..self.graph.nodes.len())
            .filter(|node| !self.graph.nodes[*node].is_implied())
            .collect();
        for node in asked {
            self.row(node, &groups)?;
        }
        Ok(())
    }

    /// Whether some look-up needs generated values.
    fn asks_early(&self) -> Result<bool> {
        for node in 0..self.graph.nodes.len() {
            if self.graph.nodes[node].fresh {
                continue;
            }
            let (_, parameters) = look_up(self.schema, self.graph, node, Which::All)?;
            if parameters.iter().any(|parameter| matches!(parameter, Parameter::Value(..))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A row that was asked for, with the parents it needs.
    fn row(&mut self, asked: usize, groups: &[Vec<usize>]) -> Result<()> {
        let needed = self.ancestors(asked);
        if !self.graph.nodes[asked].fresh {
            self.look_up(asked, "look up", &[], false)?;
        }
        self.normalise(Some(asked));
        if self.parents_are_simple(asked, &needed, groups) {
            let (sql, parameters) = insert_beside(self.schema, self.graph, asked)?;
            let tolerates = self.tolerated(asked);
            let name = "insert beside its parents";
            let step = self.push(asked, name, Target::Missing, &[], sql, parameters);
            step.outcome = Some(Outcome::Created);
            step.savepoint = true;
            step.tolerates = tolerates;
            step.alone = true;
        }
        for group in groups.iter().rev() {
            for node in group.iter().filter(|node| needed.contains(node)) {
                // What is in its own circle is told of a row that is there, too.
                let children = match group.contains(&asked) {
                    true => Vec::new(),
                    false => self.children(*node, asked, &needed, group),
                };
                self.look_up(*node, "look up", &children, false)?;
            }
        }
        for group in groups {
            if group.contains(&asked) {
                self.make(group, asked, &[])?;
            } else {
                let wanted: Vec<usize> =
                    group.iter().copied().filter(|node| needed.contains(node)).collect();
                for node in wanted {
                    let children = self.children(node, asked, &needed, group);
                    self.make(group, node, &children)?;
                }
            }
        }
        self.converge(asked)
    }

    /// Whose lack makes a parent needed: those that refer to it. Rows of a
    /// circle are needed together, by the row that was asked for.
    fn children(
        &self,
        node: usize,
        asked: usize,
        needed: &[usize],
        group: &[usize],
    ) -> Vec<String> {
        let nodes = &self.graph.nodes;
        if group.len() > 1 {
            return vec![nodes[asked].name.clone()];
        }
        let others = needed.iter().copied().chain([asked]).filter(|other| *other != node);
        let children = others.filter(|other| nodes[*other].parents().contains(&node));
        children.map(|other| nodes[other].name.clone()).collect()
    }

    /// Implied parents, however far up.
    fn ancestors(&self, asked: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut next = vec![asked];
        while let Some(node) = next.pop() {
            for parent in self.graph.nodes[node].parents() {
                let implied = self.graph.nodes[parent].is_implied();
                if implied && parent != asked && !found.contains(&parent) {
                    found.push(parent);
                    next.push(parent);
                }
            }
        }
        found
    }

    fn make(&mut self, group: &[usize], node: usize, needed_for: &[String]) -> Result<()> {
        let (fresh, guarded) = {
            let node = &self.graph.nodes[node];
            // A deferred key is not checked before the commit, too late to look
            // the row up that another session made. It is not made immediate:
            // the caller's transaction may need it as it is.
            (node.fresh, is_guarded(node))
        };
        if guarded && !fresh {
            let (sql, parameters) = lock(self.schema, self.graph, node);
            let step =
                self.push(node, "wait for others", Target::Missing, needed_for, sql, parameters);
            // The wait may be cut short.
            step.savepoint = true;
            self.look_up(node, "look up under the lock", needed_for, false)?;
        }
        let (sql, parameters) = if group.len() > 1 {
            circle(self.schema, self.graph, group, node)?
        } else {
            insert(self.schema, self.graph, node)?
        };
        let mut tolerates = self.tolerated(node);
        if group.len() > 1 {
            tolerates = CLASHES.map(str::to_owned).to_vec();
            tolerates.push(ORPHAN.to_owned());
        }
        if fresh {
            let step = self.push(node, "insert", Target::Missing, needed_for, sql, parameters);
            step.savepoint = true;
            step.outcome = Some(Outcome::Created);
            step.last = true;
            return Ok(());
        }
        // A transaction is there for the update, which comes after a row that is there.
        let alone = {
            let nodes = &self.graph.nodes;
            nodes.len() == 1 && !leaves_something(&nodes[0]) && is_updated_in_doubt(&nodes[0])
        };
        for (name, again) in [("insert", "look up again"), ("insert again", "look up at last")] {
            let last = name == "insert again";
            let (sql, parameters) = (sql.clone(), parameters.clone());
            let step = self.push(node, name, Target::Missing, needed_for, sql, parameters);
            step.savepoint = true;
            step.outcome = Some(Outcome::Created);
            step.alone = alone;
            if !last {
                step.tolerates = tolerates.clone();
            }
            // Whose insert did not make it, others made it, and all of its circle.
            let lost = vec![self.graph.nodes[node].name.clone()];
            for other in group.iter().filter(|other| **other != node) {
                self.look_up(*other, &format!("{again} in its circle"), &lost, false)?;
            }
            self.look_up(node, again, needed_for, last)?;
            if self.graph.nodes[node].is_unseen()
                && let Some(step) = self.steps.last_mut()
            {
                step.savepoint = true;
                step.outcome = Some(Outcome::Created);
            }
        }
        for other in group.iter().filter(|other| **other != node) {
            let step = self.steps.len();
            self.look_up(*other, "look up what its circle made", needed_for, false)?;
            self.steps[step].outcome = Some(Outcome::Created);
            self.steps[step].savepoint = true;
        }
        Ok(())
    }

    /// Whether one row is all that was asked for, and whether its insert can look
    /// its parents up by itself: shared ones without conditions of their own, all
    /// of whose values stand in the plan. Mostly they are there.
    fn parents_are_simple(&self, asked: usize, needed: &[usize], groups: &[Vec<usize>]) -> bool {
        let nodes = &self.graph.nodes;
        let node = &nodes[asked];
        let simple = |index: &usize| {
            let parent = &nodes[*index];
            parent.place == Place::Shared
                && parent.rows == Rows::One
                && parent.key.identifiers.len() + parent.key.also.len() == 1
                && parent.generated().iter().all(|name| parent.constants.contains_key(name))
                && groups.iter().any(|group| *group == [*index])
        };
        let is_itself = |source: &Source| matches!(source, Source::Itself { .. });
        !needed.is_empty()
            && nodes.len() == needed.len() + 1
            && node.key.first().arbiter
            && !leaves_something(node)
            && !node.sources.values().any(is_itself)
            && needed.iter().all(simple)
    }

    /// What another session's row may be refused with.
    fn tolerated(&self, node: usize) -> Vec<String> {
        if self.may_clash(node) { CLASHES.map(str::to_owned).to_vec() } else { Vec::new() }
    }

    /// Whether the same row, made by another session, may clash with this one
    /// under another key than the named one.
    fn may_clash(&self, node: usize) -> bool {
        let node = &self.graph.nodes[node];
        let first = node.key.first();
        let others = node
            .table
            .keys
            .iter()
            .filter(|key| first.index.as_deref() != Some(key.name.as_str()))
            .any(|key| key.columns().all(|name| node.sources.contains_key(name)));
        others || !first.arbiter && first.index.is_some() || !node.table.exclusions.is_empty()
    }

    fn converge(&mut self, node: usize) -> Result<()> {
        let found = &self.graph.nodes[node];
        let several = found.key.identifiers.len() + found.key.also.len() > 1;
        if found.fresh || found.policy == Policy::Keep {
            return Ok(());
        }
        let update = update(self.schema, self.graph, node);
        if update.is_none() && !several && super::condition::compared(found).is_empty() {
            return Ok(());
        }
        if let (Policy::Converge, Some((sql, parameters))) = (found.policy, update) {
            let step = self.push(node, "update", Target::Differing, &[], sql, parameters);
            step.savepoint = true;
            step.outcome = Some(Outcome::Updated);
            // Another session may have updated it the same way.
            let (sql, parameters) = look_up(self.schema, self.graph, node, Which::Same)?;
            let raises = raises(self.graph, node);
            let step =
                self.push(node, "look up as passed", Target::Differing, &[], sql, parameters);
            (step.savepoint, step.raises) = (raises, raises);
            step.last = true;
        } else {
            let step =
                self.push(node, "compare", Target::Differing, &[], String::new(), Vec::new());
            step.last = true;
        }
        Ok(())
    }

    fn normalise(&mut self, only: Option<usize>) {
        for node in 0..self.graph.nodes.len() {
            let this = &self.graph.nodes[node];
            let skipped = only.is_some_and(|only| only != node);
            if skipped || self.normalised.contains(&node) || !needs_server(self.schema, this) {
                continue;
            }
            self.normalised.push(node);
            let (sql, parameters) = normalise(self.graph, node);
            let needed_for = if only.is_some() { vec![this.name.clone()] } else { Vec::new() };
            let (name, into) = (format!("{}: normalise its key", this.name), key_name(this));
            self.steps.push(Step {
                name,
                into,
                on: Target::Missing,
                needed_for,
                sql,
                parameters,
                outcome: Some(Outcome::Matched),
                savepoint: true,
                tolerates: Vec::new(),
                last: false,
                alone: false,
                raises: false,
            });
        }
    }

    fn look_up(
        &mut self,
        node: usize,
        name: &str,
        needed_for: &[String],
        last: bool,
    ) -> Result<()> {
        let (sql, parameters) = look_up(self.schema, self.graph, node, Which::All)?;
        let raises = raises(self.graph, node);
        let savepoint = raises || may_refuse(&self.graph.nodes[node]);
        let step = self.push(node, name, Target::Missing, needed_for, sql, parameters);
        (step.savepoint, step.raises) = (savepoint, raises);
        step.last = last;
        step.outcome = Some(Outcome::Matched);
        Ok(())
    }

    fn push(
        &mut self,
        node: usize,
        name: &str,
        on: Target,
        needed_for: &[String],
        sql: String,
        parameters: Vec<Parameter>,
    ) -> &mut Step {
        let node = &self.graph.nodes[node];
        // A child's parents are needed for it and not for itself.
        let needed_for = needed_for.iter().filter(|name| **name != node.name).cloned().collect();
        self.steps.push(Step {
            name: format!("{}: {name}", node.name),
            into: node.name.clone(),
            on,
            needed_for,
            sql,
            parameters,
            outcome: None,
            savepoint: false,
            tolerates: Vec::new(),
            last: false,
            alone: false,
            raises: false,
        });
        let at = self.steps.len() - 1;
        &mut self.steps[at]
    }
}

/// Whether sessions that make the same row must wait for each other: no unique
/// index has the second one wait. None does either for a key that holds a
/// reference to the row itself, which is another one in every session.
fn is_guarded(node: &Node) -> bool {
    let is_itself = |name: &str| matches!(node.sources.get(name), Some(Source::Itself { .. }));
    let first = node.key.first();
    node.key.is_content() || !first.arbiter || first.columns().any(is_itself)
}
