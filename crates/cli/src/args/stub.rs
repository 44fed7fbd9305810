//! `seedbed types`.

use std::path::{Path, PathBuf};

use seedbed_engine::MakeSource;

/// Where the stub file is, unless somebody says otherwise.
const STUB: &str = "seedbed_types.pyi";

/// Tell type checkers and editors what the factories of this schema take
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TypesArgs {
    #[command(subcommand)]
    pub(crate) command: TypesCommand,
}

/// For which language.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum TypesCommand {
    Python(PythonTypesArgs),
}

/// Write a stub file, so that a misspelt column is an error in mypy, pyright and the editor
///
/// Tests say `from seedbed_types import Make` under TYPE_CHECKING and annotate
/// the fixture: `def test_login(make: "Make")`. The database is found as
/// `seedbed make` finds it; nothing is written into it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PythonTypesArgs {
    /// The file, in the project's folder; - is stdout
    #[arg(short, long, value_name = "FILE", default_value = STUB)]
    pub(crate) out: PathBuf,
    /// Write nothing; exit 1 if the file is not what would be written
    #[arg(long)]
    pub(crate) check: bool,
    /// The database at this URL
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl PythonTypesArgs {
    /// Which database is meant.
    pub(crate) fn source(&self) -> MakeSource<'_> {
        self.url.as_deref().map_or(MakeSource::Around, MakeSource::Url)
    }

    /// The file; `None` is stdout.
    pub(crate) fn file(&self, directory: &Path) -> Option<PathBuf> {
        (self.out != Path::new("-")).then(|| directory.join(&self.out))
    }
}
