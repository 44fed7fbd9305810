//! Tablespaces a recipe creates. They are cluster-wide and name a folder of
//! the machine; two servers sharing one folder would destroy each other's
//! files, so on a server of ours each gets a folder of its own instead.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::{Path, PathBuf};

use seedbed_api::{Context as _, Failure, Kind, Result};

use crate::quote_literal;

/// Where the tablespaces of one server live.
#[derive(Clone, Debug)]
pub struct TablespaceRoot {
    /// An existing folder that belongs to this server alone.
    pub folder: PathBuf,
    /// User and group the server runs as, where that is another account.
    pub owner: Option<(u32, u32)>,
}

impl TablespaceRoot {
    /// Makes the folder of tablespace `name`, mode 0700, empty.
    pub(crate) fn prepare(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(folder_name(name));
        let doing = || format!("cannot make the tablespace folder {}", folder.display());
        if !folder.exists() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .context(Kind::Environment, doing)?;
        }
        // Left by a build that was interrupted before the server used it.
        let occupied = fs::read_dir(&folder).context(Kind::Environment, doing)?.next().is_some();
        if occupied {
            return Err(Failure::new(Kind::Environment, doing())
                .because("it is not empty, and no tablespace of this server uses it")
                .hint(format!("rm -r {}", folder.display())));
        }
        if let Some((user, group)) = self.owner {
            chown(&folder, Some(user), Some(group)).context(Kind::Environment, doing)?;
        }
        Ok(folder)
    }
}

/// The statement with its location replaced.
pub(crate) fn relocated(text: &str, range: (usize, usize), folder: &Path) -> Option<String> {
    let (before, after) = (text.get(..range.0)?, text.get(range.1..)?);
    let literal = quote_literal(folder.to_str()?);
    (range.1 > range.0).then(|| format!("{before}{literal}{after}"))
}

/// A name as one path component: no separators, no dots at the front, and
/// different names never share one.
fn folder_name(name: &str) -> String {
    crate::url::percent_encoded(name).replace('.', "%2E")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_component() {
        for (name, expected) in [("fast", "fast"), ("../x", "%2E%2E%2Fx"), ("a b", "a%20b")] {
            assert_eq!(folder_name(name), expected);
        }
    }

    #[test]
    fn only_the_location_changes() {
        let text = "CREATE TABLESPACE t LOCATION '/mnt/x' WITH (seq_page_cost = 1)";
        let start = text.find('\'').unwrap();
        let range = (start, start + "'/mnt/x'".len());
        assert_eq!(
            relocated(text, range, Path::new("/r/it's")).unwrap(),
            "CREATE TABLESPACE t LOCATION '/r/it''s' WITH (seq_page_cost = 1)"
        );
        assert_eq!(relocated(text, (0, 0), Path::new("/r")), None);
    }
}
