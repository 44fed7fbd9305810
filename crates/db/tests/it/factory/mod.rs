//! Factory calls on a real server, compiled from its own catalogue: one test
//! for each trap that is known of such calls.

mod batches;
mod children;
mod coincide;
mod content;
mod corrected;
mod defaults;
mod deferred;
mod evidence;
mod expressions;
mod extensions;
mod fresh;
mod ground;
mod hints;
mod judged;
mod keys;
mod limits;
mod locks;
mod lone;
mod optional;
mod own_parents;
mod own_table;
mod parents;
mod predicates;
mod random;
mod sent;
mod statements;
mod surroundings;
mod telling;
mod told;
mod triggers;
mod twice;
mod usable;
mod vectors;
mod views;
mod whose;
