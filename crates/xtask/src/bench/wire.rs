//! The least a client can say to a server over its socket: start-up without a
//! password, `SELECT 1`, good-bye (PostgreSQL manual, "Frontend/Backend
//! Protocol"). Written apart from the product's own, so that the limit does
//! not rest on what is measured against it.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// A server that does not answer for so long never will.
const BOUND: Duration = Duration::from_secs(30);

/// Asks the first query as `postgres` in `postgres`.
pub(crate) fn first_query(socket: &Path) -> Result<()> {
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("cannot connect to {}", socket.display()))?;
    stream.set_read_timeout(Some(BOUND))?;
    stream.write_all(b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0")?;
    until_ready(&mut stream)?;
    stream.write_all(b"Q\0\0\0\x0dSELECT 1\0")?;
    until_ready(&mut stream)?;
    stream.write_all(b"X\0\0\0\x04")?;
    Ok(())
}

fn until_ready(stream: &mut UnixStream) -> Result<()> {
    loop {
        let mut head = [0_u8; 5];
        stream.read_exact(&mut head)?;
        let [tag, length @ ..] = head;
        let mut body = vec![0_u8; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
        stream.read_exact(&mut body)?;
        match tag {
            b'Z' => return Ok(()),
            b'E' => bail!("the server said {}", String::from_utf8_lossy(&body)),
            _ => {}
        }
    }
}
