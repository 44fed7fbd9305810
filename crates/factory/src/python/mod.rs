//! What calls of a schema's tables look like, told to Python's type checkers:
//! the text of a stub file, so that a misspelt column is an error in the
//! editor.
//!
//! Reading order: which names Python can write → what a column takes and gives
//! → what a foreign key goes by → the file.

mod annotation;
mod identifier;
mod reference;
mod stub;
mod table;

pub use stub::stub;
