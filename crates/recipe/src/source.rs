//! Files as they are handed in, and their reading as SQL text.
//!
//! Invariant: [`SourceFile::text`] returns UTF-8 without a byte order mark
//! and without NUL, or says what the file is instead.

use std::sync::Arc;

use seedbed_api::{Failure, Kind, Result};

/// Magic of `pg_dump`'s custom format.
const MAGIC_CUSTOM_DUMP: &[u8] = b"PGDMP";
/// Magic of gzip (RFC 1952, 2.3.1).
const MAGIC_GZIP: &[u8] = &[0x1f, 0x8b];
/// Magic of a Zstandard frame (RFC 8878, 3.1.1).
const MAGIC_ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// UTF-8's byte order mark.
const MARK_UTF8: &[u8] = &[0xef, 0xbb, 0xbf];
/// UTF-16's byte order marks, little and big endian.
const MARKS_UTF16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// One file of a recipe. Cloning shares the bytes.
#[derive(Clone)]
pub struct SourceFile {
    /// Path relative to the project's root, with `/` between its parts.
    pub path: String,
    /// Content, unchanged.
    pub bytes: Arc<[u8]>,
}

impl SourceFile {
    /// A file of these bytes at this path.
    pub fn new(path: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }

    /// The part of the path after the last `/`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Refuses what its first bytes show not to be SQL text; cheap at any size.
    ///
    /// # Errors
    /// `Kind::Recipe`: an archive, a compressed file or UTF-16, with the
    /// command that turns it into SQL text.
    pub(crate) fn refuse_archive(&self) -> Result<()> {
        let path = &self.path;
        let bytes = &self.bytes[..];
        let refuse =
            |what: &str| Failure::new(Kind::Recipe, format!("{path} is {what}, not SQL text"));
        if bytes.starts_with(MAGIC_CUSTOM_DUMP) {
            return Err(refuse("a custom-format dump")
                .hint(format!("pg_restore --no-owner -f schema.sql {path}")));
        }
        if bytes.starts_with(MAGIC_GZIP) {
            return Err(refuse("compressed with gzip").hint(format!("gunzip --keep {path}")));
        }
        if bytes.starts_with(MAGIC_ZSTD) {
            return Err(refuse("compressed with zstd").hint(format!("zstd --decompress {path}")));
        }
        if MARKS_UTF16.iter().any(|mark| bytes.starts_with(mark)) {
            return Err(refuse("encoded as UTF-16")
                .hint(format!("iconv -f UTF-16 -t UTF-8 {path} > utf8.sql")));
        }
        Ok(())
    }

    /// The content as SQL text, without a byte order mark.
    ///
    /// # Errors
    /// `Kind::Recipe`: not SQL text, or not in UTF-8, with the command that
    /// makes it so.
    pub fn text(&self) -> Result<&str> {
        self.refuse_archive()?;
        let path = &self.path;
        let bytes = &self.bytes[..];
        let bytes = bytes.strip_prefix(MARK_UTF8).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = line_at(bytes, error.valid_up_to());
            Failure::new(Kind::Recipe, format!("{path}:{line} is not valid UTF-8"))
                .because(error)
                .hint(format!("iconv -f LATIN1 -t UTF-8 {path} > utf8.sql"))
                .hint("for a dump: pg_dump --encoding=UTF8")
        })?;
        if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
            let line = line_at(bytes, at);
            return Err(Failure::new(
                Kind::Recipe,
                format!("{path}:{line} holds a NUL byte, which no SQL text may"),
            ));
        }
        Ok(text)
    }
}

/// The 1-based line of the byte at `at`.
fn line_at(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_sql_text_is_named_with_the_way_out() {
        let cases: [(&[u8], &str, &str); 6] = [
            (
                b"PGDMP\x01\x0e",
                "custom-format dump",
                "pg_restore --no-owner -f schema.sql db/a.sql",
            ),
            (b"\x1f\x8b\x08", "gzip", "gunzip"),
            (b"\x28\xb5\x2f\xfd", "zstd", "zstd"),
            (b"\xff\xfeS\x00", "UTF-16", "iconv -f UTF-16"),
            (b"\xfe\xff\x00S", "UTF-16", "iconv -f UTF-16"),
            (b"SELECT 1;\n-- caf\xe9", "db/a.sql:2 is not valid UTF-8", "iconv -f LATIN1"),
        ];
        for (bytes, message, hint) in cases {
            let failure = SourceFile::new("db/a.sql", bytes).text().unwrap_err();
            assert_eq!(failure.kind(), Kind::Recipe);
            assert!(failure.to_string().contains(message), "{failure}");
            assert!(failure.hints()[0].contains(hint), "{:?}", failure.hints());
        }
        let failure = SourceFile::new("a.sql", &b"SELECT\n\0"[..]).text().unwrap_err();
        assert!(failure.to_string().contains("a.sql:2"), "{failure}");
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        assert_eq!(SourceFile::new("a", &b"\xef\xbb\xbfSELECT 1"[..]).text().unwrap(), "SELECT 1");
    }
}
