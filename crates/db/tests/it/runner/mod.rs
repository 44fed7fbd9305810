//! Plans written by hand, run on a real server.

mod hits;
mod own;
mod plans;
mod races;
mod stream;
mod usable;
