//! How a column's values are made.

/// How a column's values are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Recipe {
    /// Nothing yet.
    Nothing,
}
