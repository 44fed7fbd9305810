//! The lease service on real servers. Whether a database is what it should be
//! is decided by `psql` and COPY, against a clone nobody touched.

mod bad_input;
mod budget;
mod cancellation;
mod crowd;
mod ground;
mod holders;
mod lanes;
mod loss;
mod marks;
mod programs;
mod strangers;
mod verbs;
mod wear;
