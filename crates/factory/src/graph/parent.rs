//! Which parents a row needs, and whether it shares them.
//!
//! A foreign key is followed where its columns cannot stay NULL and nothing was
//! passed for them; one to the row's own table only where they must not be NULL. Columns that several foreign keys share (a tenant's id) are
//! decided once, by the narrowest of them; the others' parents are asked to have
//! the same. A parent is shared, the same row for everybody, unless a unique key
//! would allow only one child to have it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seedbed_api::Result;
use seedbed_api::plan::{Policy, Rows};
use seedbed_model::Fill;
use seedbed_schema::ForeignKey;

use super::grow::{Growing, Sameness, Seed};
use super::node::{Identity, Place, Source};
use crate::wanted::config;

impl Growing<'_> {
    /// Links a node to the parents it needs.
    pub(super) fn link_parents(&mut self, index: usize, first: u64) -> Result<()> {
        let mut foreign_keys: Vec<ForeignKey> =
            self.nodes[index].foreign_keys().filter(|foreign| !foreign.period).cloned().collect();
        foreign_keys.sort_by_key(|foreign| foreign.columns.len());
        let followed = self.followed(index, &foreign_keys);
        self.keep_defaults(index, &followed, first);
        self.vary(index, &followed);
        let (own, same_key) = self.own(index, &followed);
        self.nodes[index].same_key = same_key;
        let mut shared: Vec<ForeignKey> = Vec::new();
        for foreign in self.in_order(&followed, &own) {
            if foreign.parent == self.nodes[index].table.name && !own.contains(&foreign.name) {
                self.refer_to_itself(index, &foreign);
                continue;
            }
            let first = shared.iter().filter(|other| self.differ(index, other, &foreign)).count();
            let parent = self.parent(index, &foreign, own.contains(&foreign.name), first as u64)?;
            let node = &mut self.nodes[index];
            for (column, there) in foreign.columns.iter().zip(&foreign.parent_columns) {
                let source = Source::Parent { node: parent, column: there.clone() };
                node.sources.entry(column.clone()).or_insert(source);
            }
            shared.push(foreign);
        }
        Ok(())
    }

    /// The foreign keys that need a parent, and leave a column to it.
    fn followed(&self, index: usize, foreign_keys: &[ForeignKey]) -> Vec<ForeignKey> {
        let node = &self.nodes[index];
        let mut assigned: Vec<&str> = node.sources.keys().map(String::as_str).collect();
        let mut followed = Vec::new();
        for foreign in foreign_keys {
            let open: Vec<&str> = foreign
                .columns
                .iter()
                .map(String::as_str)
                .filter(|column| !assigned.contains(column))
                .collect();
            let necessary = |name: &&str| {
                let Some(column) = node.column(name) else { return false };
                let fill = node.model.columns.iter().find(|model| model.name == **name);
                let to_itself = foreign.parent == node.table.name;
                (node.key.first().has(name) && (column.not_null || !to_itself))
                    || column.is_required()
                    || (column.not_null && column.is_surrogate())
                    || matches!(fill.map(|model| &model.fill), Some(Fill::Parent { .. }))
            };
            let needed = if foreign.match_full {
                open.iter().any(&necessary)
            } else {
                open.iter().all(necessary)
            };
            if !open.is_empty() && needed && self.schema.table(&foreign.parent).is_some() {
                assigned.extend(foreign.columns.iter().map(String::as_str));
                followed.push(foreign.clone());
            }
        }
        followed
    }

    /// Names of the foreign keys whose parent no other row may have: without
    /// that, a unique key would be the same for all rows.
    /// And whether all rows have the same key nevertheless.
    fn own<'f>(&self, index: usize, followed: &'f [ForeignKey]) -> (Vec<String>, bool) {
        let node = &self.nodes[index];
        let single = node.rows == Rows::One && !node.fresh;
        let passed = node.arguments().next().is_some();
        if single && !passed && matches!(node.place, Place::Target | Place::Shared) {
            return (Vec::new(), false);
        }
        let mut own: Vec<String> = Vec::new();
        let mut same_key = false;
        for key in &node.table.keys {
            let chosen = node.key.first().index.as_deref().unwrap_or_default() == key.name;
            if chosen && single && matches!(node.place, Place::Target | Place::Shared) {
                continue;
            }
            // A column's value is that of the narrowest.
            let leads = |name: &str| {
                let has = |foreign: &&ForeignKey| foreign.columns.iter().any(|own| own == name);
                followed.iter().find(has)
            };
            let wider = |one: Option<&'f ForeignKey>, other: &'f ForeignKey| match one {
                Some(one) if one.columns.len() >= other.columns.len() => one,
                _ => other,
            };
            let mut varies = false;
            let mut leading: Option<&'f ForeignKey> = None;
            for name in key.columns() {
                match node.sources.get(name) {
                    Some(Source::Argument(passed)) => {
                        varies |= passed.each || (single && node.key.first().has(name));
                    }
                    Some(Source::Parent { .. }) => {
                        varies |= matches!(node.place, Place::Child { each: 1, .. });
                    }
                    Some(Source::Generated | Source::Itself { .. }) => varies = true,
                    Some(Source::Default(_)) => {}
                    None => match leads(name) {
                        Some(foreign) if own.contains(&foreign.name) => varies = true,
                        Some(foreign) => leading = Some(wider(leading, foreign)),
                        // Generated, drawn by the database, or NULL.
                        None => varies |= chosen || !node.model.is_constant(name),
                    },
                }
            }
            match leading {
                _ if varies => {}
                Some(foreign) => own.push(foreign.name.clone()),
                None => same_key |= chosen && !single,
            }
        }
        (own, same_key)
    }

    /// Parents that other parents refer to come before those, so that what only one
    /// row has is all of one family. The narrow ones come first in any case.
    fn in_order(&self, followed: &[ForeignKey], own: &[String]) -> Vec<ForeignKey> {
        let refers = |one: &ForeignKey, other: &ForeignKey| {
            let table = self.schema.table(&one.parent).filter(|_| one.parent != other.parent);
            table.is_some_and(|table| {
                table.foreign_keys.iter().any(|key| key.enforced && key.parent == other.parent)
            })
        };
        let place = |foreign: &ForeignKey| {
            let above = own.contains(&foreign.name)
                && followed.iter().any(|other| own.contains(&other.name) && refers(other, foreign));
            (foreign.columns.len(), !above)
        };
        let mut ordered = followed.to_vec();
        ordered.sort_by_key(place);
        ordered
    }

    /// Whether a condition wants two references to be to different rows.
    fn differ(&self, index: usize, one: &ForeignKey, other: &ForeignKey) -> bool {
        let mentions = |columns: &[String], foreign: &ForeignKey| {
            foreign.columns.iter().any(|column| columns.contains(column))
        };
        one.parent == other.parent
            && self.nodes[index].table.checks.iter().any(|check| {
                let text = &check.expression;
                mentions(&check.columns, one)
                    && mentions(&check.columns, other)
                    && (text.contains('<') || text.contains('>') || text.contains("DISTINCT"))
            })
    }

    /// A row that must refer to a row of its table and may be the first refers
    /// to itself.
    fn refer_to_itself(&mut self, index: usize, foreign: &ForeignKey) {
        let node = &mut self.nodes[index];
        for (column, there) in foreign.columns.iter().zip(&foreign.parent_columns) {
            if column != there {
                let source = Source::Itself { column: there.clone() };
                node.sources.entry(column.clone()).or_insert(source);
            }
        }
    }

    /// The node a foreign key leads to.
    fn parent(
        &mut self,
        index: usize,
        foreign: &ForeignKey,
        own: bool,
        first: u64,
    ) -> Result<usize> {
        let missing = || config(format!("the table {} is not there", foreign.parent));
        let table = self.schema.table(&foreign.parent).ok_or_else(missing)?;
        let (mut set, mut own) = (BTreeMap::new(), own);
        for (column, there) in foreign.columns.iter().zip(&foreign.parent_columns) {
            let Some(source) = self.nodes[index].sources.get(column).cloned() else { continue };
            if self.is_its_own(table, there, &source) {
                continue;
            }
            own |= match &source {
                Source::Argument(passed) => passed.each,
                Source::Parent { node, .. } => self.nodes[*node].rows != Rows::One,
                Source::Generated | Source::Itself { .. } => true,
                Source::Default(_) => false,
            };
            set.insert(there.clone(), source);
        }
        let sameness = Sameness {
            table: table.name.clone(),
            first,
            given: set.iter().map(|(c, s)| (c.clone(), s.clone())).collect(),
        };
        if own {
            if let Some(above) = self.owner(index, &sameness) {
                return Ok(above);
            }
        } else if let Some(known) = self.relative(index, &sameness) {
            return Ok(known);
        } else if let Some(known) = self.known.get(&sameness) {
            return Ok(*known);
        }
        let (place, rows) = if own {
            (Place::Own { of: index }, self.nodes[index].rows)
        } else {
            (Place::Shared, Rows::One)
        };
        let name = self.implied_name(&table.name.to_string(), first);
        let apart = if own { self.apart(index, foreign, table) } else { Vec::new() };
        self.add(Seed {
            apart,
            table: Arc::new(table.clone()),
            name,
            rows,
            place,
            set,
            key: Vec::new(),
            policy: Policy::Keep,
            fresh: false,
            lacks: BTreeSet::new(),
            through: None,
            first,
        })
    }

    /// Columns of a parent that only one row has in which such parents must differ,
    /// since they are a key of the row, although they are none of the parent.
    fn apart(
        &self,
        index: usize,
        foreign: &ForeignKey,
        table: &seedbed_schema::Table,
    ) -> Vec<Vec<String>> {
        let there = |name: &str| {
            let at = foreign.columns.iter().position(|own| own == name)?;
            foreign.parent_columns.get(at).cloned()
        };
        let keys = self.nodes[index].table.keys.iter();
        let referring = keys.filter_map(|key| key.columns().map(there).collect());
        let is_known = |columns: &Vec<String>| {
            let mut keys = table.keys.iter();
            keys.any(|key| key.columns().all(|name| columns.iter().any(|own| own == name)))
        };
        referring.filter(|columns| !is_known(columns)).collect()
    }

    /// Whether the parent would have this value anyway, through its own
    /// reference to the same shared row.
    fn is_its_own(&self, table: &seedbed_schema::Table, column: &str, source: &Source) -> bool {
        let Source::Parent { node, column: there } = source else { return false };
        let above = &self.nodes[*node];
        above.place == Place::Shared
            && above.sources.values().all(|source| *source == Source::Generated)
            && table.foreign_keys.iter().any(|foreign| {
                foreign.parent == above.table.name
                    && foreign.columns == [column]
                    && foreign.parent_columns == [there.as_str()]
            })
    }

    /// The node this one is the own parent of, or further up, if it is of the
    /// wanted table: two rows that may only have each other.
    fn owner(&self, index: usize, wanted: &Sameness) -> Option<usize> {
        let mut at = index;
        while let Place::Own { of } = self.nodes[at].place {
            if self.nodes[of].table.name == wanted.table {
                return Some(of);
            }
            at = of;
        }
        None
    }

    /// Another parent that only the row has which this one is the parent of, or one
    /// further up: the order and the invoice that a payment has for itself are of one
    /// customer, if the payment has a customer for itself.
    fn relative(&self, index: usize, wanted: &Sameness) -> Option<usize> {
        let mut at = index;
        while let Place::Own { of } = self.nodes[at].place {
            let mut sources = self.nodes[of].sources.values();
            let found = sources.find_map(|source| match source {
                Source::Parent { node, .. } if *node != index => {
                    let other = &self.nodes[*node];
                    let first = match other.identity {
                        Identity::Ordinal { first, .. } => first,
                        Identity::Key => 0,
                    };
                    let fits = other.table.name == wanted.table
                        && other.place == (Place::Own { of })
                        && first == wanted.first
                        && wanted.given.is_empty();
                    fits.then_some(*node)
                }
                _ => None,
            });
            if found.is_some() {
                return found;
            }
            at = of;
        }
        None
    }

    fn implied_name(&mut self, table: &str, first: u64) -> String {
        let mut name = format!("{table}@{first}");
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{table}@{first}#{number}");
            number += 1;
        }
        name
    }
}
