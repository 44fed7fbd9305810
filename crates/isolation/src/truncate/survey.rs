//! Whether tables hold what the template held, row by row: (rows now) and
//! (rows kept) as multisets of their texts.

use std::collections::BTreeMap;

use seedbed_api::Result;
use seedbed_db::Session;

use super::relation::{Oid, Relation, Schema, number, oid};
use crate::journal::fields;

/// How the rows of a table differ from the template's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Rows that the template did not hold; 1 stands for any number where it
    /// held none at all.
    pub(super) extra: u64,
    /// Rows of the template that are gone.
    pub(super) missing: u64,
}

/// The differences of those tables that differ. None may have a refusal.
pub(super) async fn survey(
    session: &Session,
    schema: &Schema,
    rels: impl IntoIterator<Item = Oid>,
) -> Result<BTreeMap<Oid, Difference>> {
    let mut branches = Vec::new();
    for rel in rels {
        branches.push(branch(rel, schema.relation(rel)?));
    }
    let mut differences = BTreeMap::new();
    if branches.is_empty() {
        return Ok(differences);
    }
    for row in session.rows(&branches.join(" UNION ALL ")).await? {
        let [rel, extra, missing] = fields(row)?;
        let difference =
            Difference { extra: number(extra.as_deref())?, missing: number(missing.as_deref())? };
        if difference != Difference::default() {
            differences.insert(oid(rel.as_deref())?, difference);
        }
    }
    Ok(differences)
}

fn branch(rel: Oid, relation: &Relation) -> String {
    let name = &relation.name;
    if relation.kept_rows == 0 {
        return format!(
            "SELECT {rel}::oid, EXISTS (SELECT FROM ONLY {name})::integer::numeric, 0::numeric"
        );
    }
    format!(
        "SELECT {rel}::oid, coalesce(sum(greatest(coalesce(now.n, 0) - coalesce(kept.n, 0), 0)), 0), \
           coalesce(sum(greatest(coalesce(kept.n, 0) - coalesce(now.n, 0), 0)), 0) \
         FROM (SELECT {image} AS image, count(*) AS n FROM ONLY {name} t GROUP BY 1) now \
         FULL JOIN (SELECT k.image, count(*) AS n FROM seedbed_truncate.kept k \
           WHERE k.rel = {rel} GROUP BY 1) kept ON kept.image = now.image",
        image = relation.image
    )
}
