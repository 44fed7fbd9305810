//! Finding and fetching binaries, with the real npm, the real pip and the
//! servers they bring. Wrappers around the clients inject faults; the clients
//! behind them are real.

mod fetching;
mod finding;
mod ground;
mod storing;
