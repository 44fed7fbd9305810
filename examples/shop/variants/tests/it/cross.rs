//! Makes tests of two lists: a module for each of the first, in it a test for each of the second.

macro_rules! cross {
    ([$($outer:ident)*] $inner:tt $run:path) => {
        $(mod $outer { crate::cross::row!($outer $inner $run); })*
    };
}

macro_rules! row {
    ($outer:ident [$($inner:ident)*] $run:path) => {
        $(#[test] fn $inner() { $run(stringify!($outer), stringify!($inner)); })*
    };
}

pub(crate) use {cross, row};
