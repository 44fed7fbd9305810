//! What a reset does: pure, from what was noted and found.
//!
//! Rows that the template held and that still stand are left alone, unless
//! they may refer to one that must be put back: such tables are emptied and
//! filled again as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::relation::{Oid, Schema};
use super::survey::Difference;

/// A table that has grown by less is emptied row by row: five rows take some
/// 20 µs, while TRUNCATE makes new files for the table, its indexes and its
/// TOAST, half a millisecond or more.
const DELETED_BYTES_MAX: u64 = 64 * 1024;
/// So much growth is worth one more table in a TRUNCATE.
const TRUNCATED_BYTES_MIN: u64 = 16 * 1024;
/// Tables whose rows must be put back are not larger than this together.
const RESTORED_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// The work of one reset.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Roots of partition trees, and tables of none, for one TRUNCATE.
    pub(super) truncate: BTreeSet<Oid>,
    /// Tables that lose all rows.
    pub(super) clear: BTreeSet<Oid>,
    /// Tables that lose rows the template did not hold, and how many.
    pub(super) trim: BTreeMap<Oid, u64>,
    /// Tables that get rows back, and how many. All of the template's where
    /// the table is empty by then.
    pub(super) fill: BTreeMap<Oid, u64>,
    /// Tables of `fill` that are empty by then.
    pub(super) whole: BTreeSet<Oid>,
}

/// Which trees are to be truncated, given the sizes of tables that may have
/// changed.
pub(super) fn truncated(schema: &Schema, noted: &BTreeMap<Oid, u64>) -> BTreeSet<Oid> {
    let mut grown = 0;
    let mut large = BTreeSet::new();
    for (rel, bytes) in noted {
        let Some(relation) = schema.relations.get(rel) else { continue };
        let growth = bytes.saturating_sub(relation.bytes.saturating_mul(2));
        if growth > DELETED_BYTES_MAX {
            grown += growth;
            large.insert(relation.tree);
        }
    }
    let together = schema.truncated_together(large);
    let members = || together.iter().flat_map(|root| schema.tree(*root));
    let is_refused = members().any(|(_, relation)| relation.refusal.is_some());
    let to_fill: u64 = members().map(|(_, relation)| relation.bytes).sum();
    let cost = TRUNCATED_BYTES_MIN * members().count() as u64 + to_fill;
    if is_refused || cost > grown { BTreeSet::new() } else { together }
}

impl Plan {
    /// The plan for tables that were noted, of which those that stand as in
    /// the template have no difference; those in `truncate` need none.
    /// `Err` says why it cannot be done.
    pub(super) fn new(
        schema: &Schema,
        noted: &BTreeMap<Oid, u64>,
        truncate: BTreeSet<Oid>,
        differences: &BTreeMap<Oid, Difference>,
    ) -> std::result::Result<Self, String> {
        let mut plan = Self { truncate, ..Self::default() };
        for root in &plan.truncate {
            for (rel, relation) in schema.tree(*root) {
                if relation.kept_rows > 0 {
                    plan.fill.insert(rel, relation.kept_rows);
                    plan.whole.insert(rel);
                }
            }
        }
        let mut broken = Vec::new();
        for rel in noted.keys() {
            let Some(relation) = schema.relations.get(rel) else {
                return Err("a table was changed that the template does not have".to_owned());
            };
            if let Some(why) = &relation.refusal {
                return Err(format!("`{}` was changed and {why}", relation.name));
            }
            let Some(difference) = differences.get(rel) else { continue };
            if plan.truncate.contains(&relation.tree) {
                continue;
            }
            if relation.kept_rows == 0 {
                plan.clear.insert(*rel);
                continue;
            }
            if difference.extra > 0 {
                plan.trim.insert(*rel, difference.extra);
            }
            if difference.missing > 0 {
                plan.fill.insert(*rel, difference.missing);
                broken.push(*rel);
            }
        }
        plan.empty_referring(schema, broken)?;
        let bytes = plan.fill.keys().filter_map(|rel| schema.relations.get(rel));
        if bytes.map(|relation| relation.bytes).sum::<u64>() > RESTORED_BYTES_MAX {
            return Err("too many rows of the template would have to be put back".to_owned());
        }
        Ok(plan)
    }

    /// Tables with rows of the template that may refer to one which is gone.
    fn empty_referring(
        &mut self,
        schema: &Schema,
        mut todo: Vec<Oid>,
    ) -> std::result::Result<(), String> {
        while let Some(rel) = todo.pop() {
            for reference in schema.references_to(rel) {
                let Some(child) = schema.relations.get(&reference.child) else { continue };
                if let Some(why) = &child.refusal {
                    return Err(format!("`{}` refers to what was changed and {why}", child.name));
                }
                if child.kept_rows == 0
                    || self.truncate.contains(&child.tree)
                    || !self.clear.insert(reference.child)
                {
                    continue;
                }
                self.trim.remove(&reference.child);
                self.fill.insert(reference.child, child.kept_rows);
                self.whole.insert(reference.child);
                todo.push(reference.child);
            }
        }
        Ok(())
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.truncate.is_empty()
            && self.clear.is_empty()
            && self.trim.is_empty()
            && self.fill.is_empty()
    }

    /// Every table with rows that the script changes.
    pub(super) fn tables(&self, schema: &Schema) -> BTreeSet<Oid> {
        let truncated = self.truncate.iter().flat_map(|root| schema.tree(*root));
        let truncated = truncated.filter(|(_, relation)| !relation.is_partitioned);
        let mut tables: BTreeSet<Oid> = truncated.map(|(rel, _)| rel).collect();
        tables.extend(self.clear.iter().chain(self.trim.keys()).chain(self.fill.keys()));
        tables
    }

    /// Tables whose triggers or rules have to be switched.
    pub(super) fn switched(&self, schema: &Schema) -> BTreeSet<Oid> {
        self.switches(schema).map(|(rel, _)| rel).collect()
    }

    /// For each such table: statements that switch off, and back.
    pub(super) fn switches<'a>(
        &self,
        schema: &'a Schema,
    ) -> impl Iterator<Item = (Oid, (&'a str, &'a str))> + use<'a> {
        let mut own = self.tables(schema);
        own.extend(self.truncate.iter().flat_map(|root| schema.tree(*root)).map(|(rel, _)| rel));
        let losing = self.clear.iter().chain(self.trim.keys());
        let acting = losing.flat_map(|rel| schema.references_to(*rel)).filter(|it| it.acts);
        let children: BTreeSet<Oid> = acting.map(|reference| reference.child).collect();
        let relation = |rel: Oid| Some((rel, schema.relations.get(&rel)?));
        let own = own.into_iter().filter_map(relation);
        let own = own.map(|(rel, it)| (rel, (it.off.as_str(), it.back.as_str())));
        let children = children
            .into_iter()
            .filter_map(relation)
            .map(|(rel, it)| (rel, (it.statement_off.as_str(), it.statement_back.as_str())));
        own.chain(children).filter(|(_, (off, _))| !off.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::super::relation::{Reference, Relation};
    use super::*;

    /// Tables 1, 2, … with so many kept rows; pairs of child and parent.
    fn schema(kept: &[u64], references: &[(Oid, Oid)]) -> Schema {
        let mut schema = Schema::default();
        for (rel, rows) in (1..).zip(kept) {
            let relation = Relation {
                name: format!("t{rel}"),
                tree: rel,
                kept_rows: *rows,
                bytes: rows * 100,
                image: "t::text".to_owned(),
                ..Relation::default()
            };
            schema.relations.insert(rel, relation);
        }
        for (child, parent) in references {
            schema.refer(Reference { child: *child, parent: *parent, acts: false });
        }
        schema
    }

    fn plan(schema: &Schema, differences: &[(Oid, u64, u64)]) -> std::result::Result<Plan, String> {
        let noted = differences.iter().map(|(rel, ..)| (*rel, 8192)).collect();
        let differences = differences
            .iter()
            .map(|(rel, extra, missing)| (*rel, Difference { extra: *extra, missing: *missing }))
            .collect();
        Plan::new(schema, &noted, BTreeSet::new(), &differences)
    }

    #[test]
    fn rows_that_stand_are_left_alone() {
        let schema = schema(&[5, 0, 7], &[(3, 1), (2, 1)]);
        let plan = plan(&schema, &[(1, 2, 0), (2, 1, 0)]).unwrap();
        assert_eq!(plan.trim, BTreeMap::from([(1, 2)]));
        assert_eq!(plan.clear, BTreeSet::from([2]));
        assert!(plan.fill.is_empty() && plan.whole.is_empty());
    }

    #[test]
    fn what_may_refer_to_a_lost_row_is_filled_again() {
        // 4 -> 3 -> 1, and 2, which held nothing, -> 1; 5 refers to itself.
        let schema = schema(&[5, 0, 7, 8, 2], &[(3, 1), (2, 1), (4, 3), (5, 5)]);
        let first = plan(&schema, &[(1, 1, 1)]).unwrap();
        assert_eq!(first.trim, BTreeMap::from([(1, 1)]));
        assert_eq!(first.clear, BTreeSet::from([3, 4]));
        assert_eq!(first.fill, BTreeMap::from([(1, 1), (3, 7), (4, 8)]));
        assert_eq!(first.whole, BTreeSet::from([3, 4]));
        let second = plan(&schema, &[(5, 1, 1)]).unwrap();
        assert_eq!((second.clear, second.trim.len()), (BTreeSet::from([5]), 0));
        assert_eq!(second.fill, BTreeMap::from([(5, 2)]));
    }

    #[test]
    fn what_cannot_be_restored_is_said() {
        let mut schema = schema(&[5, 0], &[(2, 1)]);
        assert!(plan(&schema, &[(9, 1, 0)]).is_err(), "an unknown table");
        schema.relations.get_mut(&2).unwrap().refusal = Some("is odd".into());
        assert!(plan(&schema, &[(1, 1, 0)]).is_ok());
        assert_eq!(
            plan(&schema, &[(1, 0, 1)]),
            Err("`t2` refers to what was changed and is odd".into())
        );
        assert_eq!(plan(&schema, &[(2, 1, 0)]), Err("`t2` was changed and is odd".into()));
        schema.relations.get_mut(&1).unwrap().bytes = RESTORED_BYTES_MAX + 1;
        schema.relations.get_mut(&2).unwrap().refusal = None;
        assert!(plan(&schema, &[(1, 0, 1)]).is_err(), "too large");
    }

    #[test]
    fn a_truncate_names_every_table_that_refers_to_it() {
        let schema = schema(&[0, 0, 0, 0], &[(2, 1), (3, 2), (1, 3)]);
        let sizes = |rel, bytes| BTreeMap::from([(rel, bytes)]);
        assert_eq!(truncated(&schema, &sizes(2, 1 << 20)), BTreeSet::from([1, 2, 3]));
        assert_eq!(truncated(&schema, &sizes(4, 1 << 20)), BTreeSet::from([4]));
        assert_eq!(truncated(&schema, &sizes(4, DELETED_BYTES_MAX)), BTreeSet::new());
    }

    #[test]
    fn tables_are_truncated_only_where_that_is_cheaper() {
        let references: Vec<(Oid, Oid)> = (2..=50).map(|child| (child, 1)).collect();
        let mut schema = schema(&[0; 50], &references);
        let noted = BTreeMap::from([(1, DELETED_BYTES_MAX + 8192)]);
        assert!(truncated(&schema, &noted).is_empty());
        let noted = BTreeMap::from([(1, 51 * TRUNCATED_BYTES_MIN)]);
        assert_eq!(truncated(&schema, &noted).len(), 50);
        schema.relations.get_mut(&50).unwrap().refusal = Some("is odd".into());
        assert!(truncated(&schema, &noted).is_empty());
    }
}
