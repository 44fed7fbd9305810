//! More than 500 tests over the shop's schema. Each has a database to itself, in which it
//! commits, and does what it does twice with a rewind between: the second time must be as the
//! first. They are generated, by macros: every program on every table.

mod cross;
mod definition;
mod lease;
mod order;
mod picture;
mod program;
mod table;
mod trial;
