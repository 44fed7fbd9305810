//! A door for the fuzz target `reply`: nothing else sees a [`Machine`] from
//! outside.

use std::fmt::Write as _;

use super::Machine;
use crate::Value;

/// What is understood of bytes that arrive in these pieces, in words; absent
/// where they are refused. `is_asked`: a train was sent before.
#[must_use]
pub fn read_reply(pieces: &[&[u8]], is_asked: bool, keeps_rows: bool) -> Option<String> {
    let mut machine = Machine::default();
    if is_asked {
        machine.begin(keeps_rows);
    }
    for piece in pieces {
        machine.input().extend_from_slice(piece);
        machine.advance().ok()?;
    }
    let mut told = format!("{} {} ", machine.is_underway(), machine.wants_data());
    if let Some(reply) = machine.take_reply() {
        let _ = write!(told, "{} {} {:?} ", reply.took_data, reply.gave_data, reply.complaint);
        for answer in &reply.answers {
            let _ = write!(told, "{}: ", answer.affected);
            for value in answer.rows.iter().flatten() {
                let is_null = *value == Value::NULL;
                let _ = write!(told, "{is_null} {:?}, ", value.as_text());
            }
        }
    }
    let _ = write!(told, "{:?} {:?}", machine.last_complaint(), &machine.input()[..]);
    Some(told)
}
