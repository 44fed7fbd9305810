//! What is known of the tables of one database, as it was baked: read once,
//! true for as long as the fingerprint is the template's.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Session;

use crate::journal::fields;

/// `pg_class.oid`, which a clone keeps.
pub(super) type Oid = u32;

/// A table, or the parent of partitions.
#[derive(Clone, Debug, Default)]
pub(super) struct Relation {
    /// Quoted and qualified.
    pub(super) name: String,
    /// A partitioned table holds no rows itself.
    pub(super) is_partitioned: bool,
    /// The root of its partition tree, or itself.
    pub(super) tree: Oid,
    /// Why it cannot be reset: a phrase that follows its name.
    pub(super) refusal: Option<String>,
    /// The columns that can be written: `a, "B"`; empty if there are none.
    pub(super) columns: String,
    /// The same as fields of `r`.
    pub(super) fields: String,
    /// A row named `t` as text.
    pub(super) image: String,
    /// Switches off the user's triggers and rules that a reset would fire.
    pub(super) off: String,
    /// Puts them back.
    pub(super) back: String,
    /// As `off`, for those that fire when a referenced table loses rows.
    pub(super) statement_off: String,
    /// Puts those back.
    pub(super) statement_back: String,
    /// Rows the template held.
    pub(super) kept_rows: u64,
    /// Size of the table in the template.
    pub(super) bytes: u64,
    /// A crash empties it, and nobody notes that.
    pub(super) is_unlogged: bool,
}

/// A foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// The table with the key; also a partitioned one.
    pub(super) child: Oid,
    /// The table it leads to; also a partitioned one.
    pub(super) parent: Oid,
    /// Whether a lost row of the parent runs a statement on the child.
    pub(super) acts: bool,
}

/// All tables and what leads from one to another.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) relations: BTreeMap<Oid, Relation>,
    /// Foreign keys by the table they lead to.
    pub(super) references: BTreeMap<Oid, Vec<Reference>>,
}

impl Schema {
    /// Reads what was baked. Row-level security is asked for again: who bakes
    /// may be another role.
    pub(super) async fn read(session: &Session) -> Result<Self> {
        let relations = "SELECT r.rel, r.name, r.kind = 'p', r.tree, \
              coalesce(r.refusal, CASE WHEN c.relforcerowsecurity AND NOT me.bypasses \
                THEN 'has row-level security forced on its owner' END), \
              r.columns, r.fields, r.image, r.off, r.back, r.statement_off, r.statement_back, \
              r.kept_rows, r.bytes, c.relpersistence = 'u' \
            FROM seedbed_truncate.relation r LEFT JOIN pg_class c ON c.oid = r.rel \
            CROSS JOIN (SELECT rolsuper OR rolbypassrls AS bypasses FROM pg_roles \
              WHERE rolname = current_user) me";
        let mut schema = Self::default();
        for row in session.rows(relations).await? {
            let [rel, name, partitioned, tree, refusal, rest @ ..]: [Option<String>; 15] =
                fields(row)?;
            let [
                columns,
                fields,
                image,
                off,
                back,
                statement_off,
                statement_back,
                rows,
                bytes,
                unlogged,
            ] = rest.map(Option::unwrap_or_default);
            let relation = Relation {
                name: name.unwrap_or_default(),
                is_partitioned: partitioned.as_deref() == Some("t"),
                tree: oid(tree.as_deref())?,
                refusal,
                columns,
                fields,
                image,
                off,
                back,
                statement_off,
                statement_back,
                kept_rows: number(Some(&rows))?,
                bytes: number(Some(&bytes))?,
                is_unlogged: unlogged == "t",
            };
            schema.relations.insert(oid(rel.as_deref())?, relation);
        }
        let references = "SELECT child, parent, acts FROM seedbed_truncate.reference";
        for row in session.rows(references).await? {
            let [child, parent, acts] = fields(row)?;
            schema.refer(Reference {
                child: oid(child.as_deref())?,
                parent: oid(parent.as_deref())?,
                acts: acts.as_deref() == Some("t"),
            });
        }
        Ok(schema)
    }

    /// Adds a foreign key.
    pub(super) fn refer(&mut self, reference: Reference) {
        self.references.entry(reference.parent).or_default().push(reference);
    }

    /// Foreign keys that lead to a table.
    pub(super) fn references_to(&self, parent: Oid) -> &[Reference] {
        self.references.get(&parent).map_or(&[], Vec::as_slice)
    }

    /// A table, which must be known.
    pub(super) fn relation(&self, rel: Oid) -> Result<&Relation> {
        self.relations
            .get(&rel)
            .ok_or_else(|| Failure::new(Kind::Bug, format!("the table {rel} was not baked")))
    }

    /// Tables of the same partition tree, the partitioned ones included.
    pub(super) fn tree(&self, root: Oid) -> impl Iterator<Item = (Oid, &Relation)> {
        let all = self.relations.iter().filter(move |(_, relation)| relation.tree == root);
        all.map(|(rel, relation)| (*rel, relation))
    }

    /// The trees that one TRUNCATE must name together: those given and all
    /// whose tables refer to them, directly or not.
    pub(super) fn truncated_together(&self, trees: BTreeSet<Oid>) -> BTreeSet<Oid> {
        let mut todo: Vec<Oid> = trees.iter().copied().collect();
        let mut together = trees;
        while let Some(root) = todo.pop() {
            let children = self.tree(root).flat_map(|(rel, _)| self.references_to(rel));
            for reference in children {
                let Some(child) = self.relations.get(&reference.child) else { continue };
                if together.insert(child.tree) {
                    todo.push(child.tree);
                }
            }
        }
        together
    }
}

/// A number of a catalog.
pub(super) fn oid(text: Option<&str>) -> Result<Oid> {
    let oid = text.and_then(|text| text.parse().ok());
    oid.ok_or_else(|| Failure::new(Kind::Bug, "a query returned no OID"))
}

/// A count or a size.
pub(super) fn number(text: Option<&str>) -> Result<u64> {
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or_else(|| Failure::new(Kind::Bug, "a query returned no number"))
}
