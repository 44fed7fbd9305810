//! The layers of configuration, combined: default < file < environment < flag.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use seedbed_api::{Failure, Kind, Listener, Result};

use super::document::{self, Node, Raw};
use super::keys::{self, KEYS, Shape};
use super::value::Origin;
use super::{FILE_NAME, suggest};

/// What was given on the command line, by the names of [`KEYS`].
#[derive(Clone, Debug, Default)]
pub struct Flags(Vec<(&'static str, Vec<String>)>);

impl Flags {
    /// Adds a flag that takes one value, if it was given.
    #[must_use]
    pub fn value(mut self, key: &'static str, value: Option<String>) -> Self {
        self.0.extend(value.map(|value| (key, vec![value])));
        self
    }

    /// Adds a flag that may be repeated, if it was given at all.
    #[must_use]
    pub fn values(mut self, key: &'static str, values: Vec<String>) -> Self {
        if !values.is_empty() {
            self.0.push((key, values));
        }
        self
    }

    /// Adds a switch, if it was given.
    #[must_use]
    pub fn switch(self, key: &'static str, given: bool) -> Self {
        self.value(key, given.then(|| "true".to_owned()))
    }
}

/// Everything a configuration is made from.
pub struct Inputs<'a> {
    /// Where the search for the project begins, as given by `-C`.
    pub directory: PathBuf,
    /// The environment; asked only for the variables of [`KEYS`].
    pub environment: &'a dyn Fn(&str) -> Option<OsString>,
    /// The command line.
    pub flags: Flags,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inputs").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// A value as some layer gave it.
pub(super) struct Given {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
}

/// The winning layer's value of every key that has one.
pub(super) struct Layers {
    given: BTreeMap<&'static str, Given>,
    /// Tables that stand in the file, with their lines, even if empty.
    tables: BTreeMap<&'static str, usize>,
}

impl Layers {
    /// The defaults of the table.
    pub(super) fn defaults() -> Self {
        let mut layers = Self { given: BTreeMap::new(), tables: BTreeMap::new() };
        for key in KEYS {
            if let Some(default) = key.default {
                layers.put(key.name, Raw::Text(default.to_owned()), Origin::Default);
            }
        }
        layers
    }

    /// Lays the file over what is there; unknown keys become warnings.
    pub(super) fn file(&mut self, text: &str, listener: &dyn Listener) -> Result<()> {
        let mut unknown = Vec::new();
        for (name, node) in document::parse(text)? {
            let table = KEYS.iter().filter_map(|key| key.split().0).find(|table| *table == name);
            match table {
                None => self.entry(&name, node, &mut unknown),
                Some(table) => {
                    self.tables.insert(table, node.line);
                    let Raw::Table(inner) = node.raw else {
                        let message = format!("{FILE_NAME}:{}: `{table}` is a table", node.line);
                        let first = KEYS.iter().find(|key| key.split().0 == Some(table));
                        let example = first.map(keys::Key::example_lines).unwrap_or_default();
                        return Err(Failure::new(Kind::Config, message).hint(example));
                    };
                    for (leaf, node) in inner {
                        self.entry(&format!("{table}.{leaf}"), node, &mut unknown);
                    }
                }
            }
        }
        unknown.sort_by_key(|(line, _)| *line);
        for (line, name) in unknown {
            let message = format!("{FILE_NAME}:{line}: unknown key `{name}` is ignored");
            let hint = nearest_key(&name).map(|known| format!("did you mean `{known}`?"));
            listener.warning(message, hint);
        }
        Ok(())
    }

    fn entry(&mut self, name: &str, node: Node, unknown: &mut Vec<(usize, String)>) {
        match keys::find(name) {
            Some(key) => self.put(key.name, node.raw, Origin::File(node.line)),
            None => unknown.push((node.line, name.to_owned())),
        }
    }

    /// Lays the environment over what is there; an empty variable counts as unset.
    pub(super) fn environment(
        &mut self,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<()> {
        for key in KEYS {
            let Some(name) = key.variable else { continue };
            let Some(value) = environment(name).filter(|value| !value.is_empty()) else { continue };
            let Ok(text) = value.into_string() else {
                return Err(Failure::new(Kind::Config, format!("{name}: not valid UTF-8")));
            };
            self.put(key.name, Raw::Text(text), Origin::Variable(name));
        }
        Ok(())
    }

    /// Lays the command line over what is there.
    pub(super) fn flags(&mut self, flags: Flags) -> Result<()> {
        for (name, values) in flags.0 {
            let Some((key, flag)) = keys::find(name).and_then(|key| Some((key, key.flag?))) else {
                return Err(Failure::new(Kind::Bug, format!("`{name}` is not a key with a flag")));
            };
            let mut nodes = values.into_iter().map(|value| Node { raw: Raw::Text(value), line: 0 });
            let raw = match key.shape {
                Shape::Texts | Shape::Globs => Raw::List(nodes.collect()),
                _ => nodes.next_back().map_or(Raw::List(Vec::new()), |node| node.raw),
            };
            self.put(key.name, raw, Origin::Flag(flag));
        }
        Ok(())
    }

    fn put(&mut self, name: &'static str, raw: Raw, origin: Origin) {
        self.given.insert(name, Given { raw, origin });
    }

    /// Takes the winning value of a key out.
    pub(super) fn take(&mut self, name: &str) -> Option<Given> {
        self.given.remove(name)
    }

    /// The line of a table in the file, if it stands there.
    pub(super) fn table(&self, name: &str) -> Option<usize> {
        self.tables.get(name).copied()
    }
}

/// The known key a stranger was probably meant to be. A known leaf in another
/// table (`migrations` at the top) counts as a hit.
fn nearest_key(name: &str) -> Option<&'static str> {
    let leaf = name.rsplit('.').next().unwrap_or(name);
    if let Some(key) = KEYS.iter().find(|key| key.split().1 == leaf) {
        return Some(key.name);
    }
    let table = KEYS.iter().filter_map(|key| key.split().0);
    suggest::nearest(name, KEYS.iter().map(|key| key.name).chain(table)).or_else(|| {
        let leaf = suggest::nearest(leaf, KEYS.iter().map(|key| key.split().1))?;
        KEYS.iter().find(|key| key.split().1 == leaf).map(|key| key.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_find_their_table() {
        for (name, expected) in [
            ("sever", Some("server")),
            ("migrations", Some("recipe.migrations")),
            ("recipe.migratoins", Some("recipe.migrations")),
            ("recipes", Some("recipe")),
            ("recipe.server", Some("server")),
            ("database", None),
        ] {
            assert_eq!(nearest_key(name), expected, "{name}");
        }
    }

    #[test]
    fn a_flag_outside_the_table_is_a_bug() {
        let flags = Flags::default().value("locale", Some("C".into()));
        assert_eq!(Layers::defaults().flags(flags).unwrap_err().kind(), Kind::Bug);
    }
}
