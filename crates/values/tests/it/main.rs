//! Tests of the room from outside: the frozen data, every generator's promises
//! for any cell, and the golden vectors, checked again in Python and Node.

mod coherence;
mod conformance;
mod dictionary;
mod limits;
mod postgres;
mod uniqueness;
mod validity;
mod value;
mod vectors;
