//! The smallest conversation with a server: start-up without a password over
//! its unix socket, one simple query, good-bye. It proves that the server
//! answers and sets the password, without a client library on the hot path.
//! (PostgreSQL manual, "Frontend/Backend Protocol".)

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};

/// A message longer than this is no answer to what we ask.
const LONGEST_MESSAGE_BYTES: usize = 1 << 20;

/// Connects as `user` to `database` and runs `sql`, which must return no rows
/// anyone needs.
///
/// # Errors
/// [`Kind::ServerFailed`] with the server's own words.
pub(crate) fn first_query(
    socket: &Path,
    user: &str,
    database: &str,
    sql: &str,
    bound: Duration,
) -> Result<()> {
    converse(socket, user, database, sql, bound).map_err(|trouble| {
        let failure = Failure::new(
            Kind::ServerFailed,
            format!("the server started but does not answer on {}", socket.display()),
        );
        match trouble {
            Trouble::Io(error) => failure.because(error),
            Trouble::Server(message) => failure.detail(message),
        }
    })
}

enum Trouble {
    Io(std::io::Error),
    Server(String),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

fn converse(
    socket: &Path,
    user: &str,
    database: &str,
    sql: &str,
    bound: Duration,
) -> std::result::Result<(), Trouble> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(bound))?;
    stream.set_write_timeout(Some(bound))?;
    stream.write_all(&startup(user, database))?;
    until_ready(&mut stream)?;
    stream.write_all(&message(b'Q', &[sql.as_bytes(), &[0]]))?;
    until_ready(&mut stream)?;
    stream.write_all(&message(b'X', &[]))?;
    Ok(())
}

fn startup(user: &str, database: &str) -> Vec<u8> {
    let mut body = 196_608u32.to_be_bytes().to_vec();
    for (name, value) in [("user", user), ("database", database), ("application_name", "seedbed")] {
        body.extend_from_slice(name.as_bytes());
        body.push(0);
        body.extend_from_slice(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    let mut frame = (body.len() as u32 + 4).to_be_bytes().to_vec();
    frame.append(&mut body);
    frame
}

fn message(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut frame = vec![tag];
    frame.extend_from_slice(&(length as u32 + 4).to_be_bytes());
    for part in parts {
        frame.extend_from_slice(part);
    }
    frame
}

/// Reads messages until ReadyForQuery; the first ErrorResponse ends it.
fn until_ready(stream: &mut UnixStream) -> std::result::Result<(), Trouble> {
    loop {
        let mut head = [0u8; 5];
        stream.read_exact(&mut head)?;
        let [tag, a, b, c, d] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if !(4..=LONGEST_MESSAGE_BYTES).contains(&length) {
            return Err(Trouble::Server(format!("message of {length} bytes")));
        }
        let mut body = vec![0u8; length - 4];
        stream.read_exact(&mut body)?;
        match tag {
            b'Z' => return Ok(()),
            b'E' => return Err(Trouble::Server(error_text(&body))),
            // AuthenticationOk carries 0; anything else asks for a password.
            b'R' if body.first_chunk() != Some(&[0u8; 4]) => {
                return Err(Trouble::Server("the server asks for a password".into()));
            }
            _ => {}
        }
    }
}

/// `SEVERITY: message (SQLSTATE)` of an ErrorResponse.
fn error_text(body: &[u8]) -> String {
    let field = |wanted: u8| {
        body.split(|byte| *byte == 0)
            .find(|field| field.first() == Some(&wanted))
            .map(|field| String::from_utf8_lossy(&field[1..]).into_owned())
            .unwrap_or_default()
    };
    format!("{}: {} ({})", field(b'S'), field(b'M'), field(b'C'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_startup_packet_counts_itself() {
        let packet = startup("u", "d");
        assert_eq!(packet[..4], (packet.len() as u32).to_be_bytes());
        assert_eq!(packet[4..8], [0, 3, 0, 0]);
        assert!(packet.ends_with(b"seedbed\0\0"));
    }

    #[test]
    fn errors_are_read_field_by_field() {
        assert_eq!(
            error_text(b"SFATAL\0C3D000\0Mno such database\0\0"),
            "FATAL: no such database (3D000)"
        );
        assert_eq!(error_text(b""), ":  ()");
    }
}
