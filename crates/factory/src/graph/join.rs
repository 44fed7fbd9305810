//! How children that were asked for refer to their parent.

use std::collections::BTreeMap;

use seedbed_api::Result;
use seedbed_schema::ForeignKey;

use super::grow::Growing;
use super::node::Source;
use crate::line::{make, make_with};
use crate::wanted::{Wanted, config};

impl Growing<'_> {
    /// Gives the child's columns that refer to node `of` their source.
    ///
    /// # Errors
    /// `Config` where no foreign key leads there, or several do.
    pub(super) fn join(
        &mut self,
        of: usize,
        child: &Wanted,
        set: &mut BTreeMap<String, Source>,
    ) -> Result<()> {
        let parent = &self.nodes[of].table.name;
        let leads = |foreign: &&ForeignKey| {
            foreign.enforced
                && foreign.parent == *parent
                && !foreign.columns.iter().any(|column| set.contains_key(column))
        };
        let found: Vec<&ForeignKey> = child.table.foreign_keys.iter().filter(leads).collect();
        let foreign = match found.as_slice() {
            [one] => *one,
            [] => {
                let message = format!("rows of {} do not refer to {parent}", child.table.name);
                return Err(config(message).hint(make(&child.table.name.to_string(), None)));
            }
            several => {
                let message =
                    format!("rows of {} refer to {parent} in several ways", child.table.name);
                return Err(several.iter().fold(config(message), |failure, foreign| {
                    // Beside a parent that is there, each of the ways is plain.
                    let given: Vec<&str> = foreign.columns.iter().map(String::as_str).collect();
                    failure.hint(make_with(&child.table.name.to_string(), &given))
                }));
            }
        };
        for (column, there) in foreign.columns.iter().zip(&foreign.parent_columns) {
            set.insert(column.clone(), Source::Parent { node: of, column: there.clone() });
        }
        Ok(())
    }
}
