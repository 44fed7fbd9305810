//! Messages to the server, many in one piece: encoded whole before the first
//! byte is sent, so what cannot be encoded leaves the session as it is.

use std::io;

use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend::{self, BindError};

use crate::Value;

/// Room for a train of small calls.
const TYPICAL_BYTES: usize = 1024;
/// Every parameter and every column travels in binary format.
const BINARY: [i16; 1] = [1];

/// What is sent before the server is listened to. All between its beginning
/// and its one `Sync` is one implicit transaction, unless a call in it says
/// otherwise; after an error the server skips what is left of it.
pub(crate) struct Train {
    bytes: BytesMut,
}

impl Train {
    pub(crate) fn new() -> Self {
        Self { bytes: BytesMut::with_capacity(TYPICAL_BYTES) }
    }

    /// Has a statement parsed under a name; the server finds out the types of
    /// its parameters.
    pub(crate) fn parse(&mut self, name: &str, sql: &str) -> io::Result<()> {
        frontend::parse(name, sql, [], &mut self.bytes)
    }

    /// Runs a parsed statement. No description is asked for: nobody looks at it.
    pub(crate) fn call<'a>(
        &mut self,
        name: &str,
        parameters: impl IntoIterator<Item = &'a Value>,
    ) -> io::Result<()> {
        let bound = frontend::bind(
            "",
            name,
            BINARY,
            parameters,
            |value: &Value, out| {
                Ok(match value.bytes() {
                    Some(bytes) => {
                        out.extend_from_slice(bytes);
                        IsNull::No
                    }
                    None => IsNull::Yes,
                })
            },
            BINARY,
            &mut self.bytes,
        );
        bound.map_err(|error| match error {
            BindError::Conversion(error) => io::Error::other(error),
            BindError::Serialization(error) => error,
        })?;
        frontend::execute("", 0, &mut self.bytes)
    }

    /// Forgets a parsed statement; one that does not exist is no error.
    pub(crate) fn forget(&mut self, name: &str) -> io::Result<()> {
        frontend::close(b'S', name, &mut self.bytes)
    }

    /// The end of the train.
    pub(crate) fn sync(mut self) -> BytesMut {
        frontend::sync(&mut self.bytes);
        self.bytes
    }

    /// A train of one text, which the server takes apart itself (simple query).
    pub(crate) fn query(sql: &str) -> io::Result<BytesMut> {
        let mut bytes = BytesMut::with_capacity(sql.len() + 6);
        frontend::query(sql, &mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_train_has_one_sync_at_its_end() {
        let mut train = Train::new();
        train.parse("s1", "select $1").unwrap();
        train.call("s1", [&Value::text("ab"), &Value::NULL]).unwrap();
        let expected: &[u8] = b"P\0\0\0\x13s1\0select $1\0\0\0\
            B\0\0\0\x1c\0s1\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\x01\0\x01\
            E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04";
        assert_eq!(train.sync()[..], expected[..]);
    }

    #[test]
    fn a_text_with_a_zero_byte_cannot_be_sent() {
        assert!(Train::query("select 1\0").is_err());
        assert!(Train::new().parse("s", "select 1\0").is_err());
    }
}
