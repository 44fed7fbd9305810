//! What a database looks like, as plain data: tables, columns, types, keys,
//! constraints, triggers, and the graph of foreign keys between them. Read by
//! an adapter, understood by the machines; nothing here knows a connection.

mod column;
mod constraint;
mod data_type;
mod equality;
mod foreign_key;
mod graph;
mod key;
mod name;
mod schema;
mod table;

pub use column::{Collation, Column, Generated, Identity};
pub use constraint::{Check, Exclusion};
pub use data_type::{Attribute, Base, NamedType, TypeRef, TypeShape};
pub use equality::Equality;
pub use foreign_key::{Action, ForeignKey};
pub use graph::{Component, Graph};
pub use key::{KeyPart, UniqueKey};
pub use name::{Lookup, TableName, near, quote, quote_literal};
pub use schema::Schema;
pub use table::{Partition, Table, TableKind, Trigger, View};
