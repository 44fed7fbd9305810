//! `seedbed reference FOLDER`: writes every generated page.

use std::fs;

use seedbed_api::{Context as _, Kind, Result};

use crate::args::ReferenceArgs;
use crate::reference;

pub(super) fn reference(args: &ReferenceArgs) -> Result<()> {
    let folder = &args.folder;
    fs::create_dir_all(folder)
        .context(Kind::Environment, || format!("cannot create {}", folder.display()))?;
    for (name, text) in reference::pages() {
        let path = folder.join(name);
        fs::write(&path, text)
            .context(Kind::Environment, || format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
