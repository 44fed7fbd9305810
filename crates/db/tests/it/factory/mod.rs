//! Factory calls on a real server, compiled from its own catalogue: one test
//! for each trap that is known of such calls.

mod batches;
mod ground;
mod judged;
mod keys;
mod limits;
mod parents;
mod random;
mod surroundings;
mod twice;
mod vectors;
