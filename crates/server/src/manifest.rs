//! The list of a stored cluster's files, with their sizes and checksums, as a
//! text that carries its own checksum.

/// One file of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Path relative to the data directory, `/`-separated.
    pub path: String,
    /// Length in bytes.
    pub size: u64,
    /// CRC-32 (IEEE) of the content.
    pub crc: u32,
}

/// The files and folders of a stopped cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Folders, parents first.
    pub folders: Vec<String>,
    /// Files, largest first so that threads end together.
    pub files: Vec<Entry>,
}

/// First line of a manifest; the number is the format.
const HEADER: &str = "seedbed manifest 1";

impl Manifest {
    /// Bytes of all files.
    #[must_use]
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Text form, closed by its own checksum.
    #[must_use]
    pub(crate) fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64 * (self.files.len() + self.folders.len()));
        text.push_str(HEADER);
        text.push('\n');
        for folder in &self.folders {
            let _ = writeln!(text, "d {folder}");
        }
        for file in &self.files {
            let _ = writeln!(text, "f {:08x} {} {}", file.crc, file.size, file.path);
        }
        let crc = crc32fast::hash(text.as_bytes());
        let _ = writeln!(text, "end {crc:08x}");
        text
    }

    /// Reads the text form; `None` when a byte of it is wrong.
    #[must_use]
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let end = text.rfind("end ")?;
        let crc = u32::from_str_radix(text[end + 4..].trim_end(), 16).ok()?;
        if crc != crc32fast::hash(&text.as_bytes()[..end]) {
            return None;
        }
        let mut lines = text[..end].lines();
        if lines.next()? != HEADER {
            return None;
        }
        let mut manifest = Self::default();
        for line in lines {
            if let Some(folder) = line.strip_prefix("d ") {
                manifest.folders.push(folder.to_owned());
            } else {
                let mut fields = line.strip_prefix("f ")?.splitn(3, ' ');
                manifest.files.push(Entry {
                    crc: u32::from_str_radix(fields.next()?, 16).ok()?,
                    size: fields.next()?.parse().ok()?,
                    path: fields.next()?.to_owned(),
                });
            }
        }
        Some(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_manifest_is_no_manifest() {
        let manifest = Manifest {
            folders: vec!["base".into()],
            files: vec![Entry { path: "base/a b".into(), size: 3, crc: 5 }],
        };
        let text = manifest.to_text();
        assert_eq!(Manifest::from_text(&text).unwrap(), manifest);
        for cut in 0..text.len() - 1 {
            assert!(Manifest::from_text(&text[..cut]).is_none(), "cut at {cut}");
        }
        assert!(Manifest::from_text(&text.replace('3', "4")).is_none());
    }
}
