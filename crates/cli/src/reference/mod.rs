//! The reference pages, generated from the tables the program itself uses, so
//! that they cannot say anything else than it does.

mod cli;
mod config;
mod environment;
mod exit_codes;
mod openapi;
mod pages;
mod plan;
mod schema;

pub(crate) use pages::pages;
