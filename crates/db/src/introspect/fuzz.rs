//! A door for the fuzz target `catalog`: what is read out of the catalogue's
//! texts and seen by nobody outside.

use std::collections::BTreeSet;

use super::{expression, node_tree};

/// What is read of one text, taken for each of what the catalogue has.
#[derive(Debug)]
pub struct CatalogText<'a> {
    /// Without parentheses around it.
    pub bare: &'a str,
    /// The items of a list.
    pub items: Vec<&'a str>,
    /// A partition's condition, of a parent without a name.
    pub unnamed: String,
    /// Columns a stored expression mentions.
    pub columns: BTreeSet<i16>,
    /// The same by item of a list.
    pub by_item: Vec<BTreeSet<i16>>,
    /// Columns of a view.
    pub origins: usize,
    /// Whether a default says nothing.
    pub is_surrogate: bool,
}

/// Reads a text.
#[must_use]
pub fn read_catalog_text(text: &str) -> CatalogText<'_> {
    CatalogText {
        bare: expression::without_parentheses(text),
        items: expression::items(text),
        unnamed: expression::with_names(text, |_| None),
        columns: node_tree::columns(text),
        by_item: node_tree::columns_by_item(text),
        origins: node_tree::origins(text).len(),
        is_surrogate: expression::is_surrogate(text),
    }
}
