//! Tests of the shop against the database that DATABASE_URL names. They share
//! it and run at the same time: each works on rows of its own.

mod catalogue;
mod fixture;
mod order;
mod payment;
mod report;
mod rights;
mod schema;
mod stock;
