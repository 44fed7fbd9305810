//! Where the value of a column comes from.

use crate::recipe::Recipe;

/// What is known of one column.
#[derive(Clone, Debug)]
pub struct ColumnModel {
    /// Its name.
    pub name: String,
    /// Where its value comes from when nobody passes one.
    pub fill: Fill,
    /// Why, in one sentence for `explain`.
    pub why: String,
}

/// Where the value of a column comes from.
#[derive(Clone, Debug)]
pub enum Fill {
    /// From its default, its expression, or it stays NULL.
    Database,
    /// From the row a foreign key refers to.
    Parent {
        /// Index into the table's foreign keys.
        foreign_key: usize,
    },
    /// It is generated.
    Generate(Recipe),
    /// It must be passed.
    Impossible {
        /// What is missing.
        why: String,
        /// A line to paste.
        hint: String,
    },
}
