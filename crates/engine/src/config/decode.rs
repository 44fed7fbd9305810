//! From a value as written to a value as meant, by the shapes of the table.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use seedbed_api::Result;
use seedbed_recipe::Format;

use super::choice::{ServerChoice, parse_version};
use super::document::Raw;
use super::keys::Key;
use super::layers::Given;
use super::lease::{LANES, Workers};
use super::misfit::Misfit;
use super::pattern;
use super::recipe::FOLDER_FORMATS;
use super::redact::redact;
use super::template::{Flaw, PLACEHOLDERS, Template};
use super::value::{Origin, Value};
use super::{duration, suggest};
use seedbed_api::lease::LaneChoice;
use seedbed_server::Storage;
use seedbed_server::binaries::FetchWith;

/// Parameters that Seedbed must decide, because finding, isolating or removing
/// the server hangs on them.
const RESERVED_PARAMETERS: [&str; 9] = [
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "listen_addresses",
    "port",
    "unix_socket_directories",
    "unix_socket_permissions",
];

/// Decodes what was given for `key`, keeping its origin.
pub(super) fn value<T>(
    key: &Key,
    given: Given,
    decode: impl FnOnce(&Given) -> Result<T, Misfit>,
) -> Result<Value<T>> {
    match decode(&given) {
        Ok(value) => Ok(Value::new(value, given.origin)),
        Err(misfit) => Err(misfit.failure(key, &given)),
    }
}

/// A text that is not empty.
pub(super) fn text(given: &Given) -> Result<String, Misfit> {
    match &given.raw {
        Raw::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
        _ => Err(Misfit::new("a text in quotes")),
    }
}

/// A path, without `./` and doubled or closing slashes.
pub(super) fn path(given: &Given) -> Result<PathBuf, Misfit> {
    let text = text(given).map_err(|_| Misfit::new("a path in quotes"))?;
    let parts = Path::new(&text).components().filter(|part| *part != Component::CurDir);
    let path: PathBuf = parts.collect();
    Ok(if path.as_os_str().is_empty() { PathBuf::from(".") } else { path })
}

/// A boolean; outside the file it arrives as text.
pub(super) fn boolean(given: &Given) -> Result<bool, Misfit> {
    match (&given.raw, &given.origin) {
        (Raw::Bool(flag), _) => Ok(*flag),
        // Variables are switched on by 1 as often as by true.
        (Raw::Text(text), origin) if !matches!(origin, Origin::File(_)) => match text.as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Misfit::new("true or false")),
        },
        _ => Err(Misfit::new("true or false, without quotes")),
    }
}

/// The server.
pub(super) fn server(given: &Given) -> Result<ServerChoice, Misfit> {
    let expected =
        "`auto`, `local`, `embedded`, `embedded@MAJOR` with 13 to 18, or a `postgres://` URL";
    let Raw::Text(text) = &given.raw else { return Err(Misfit::new(expected)) };
    ServerChoice::parse(text).ok_or_else(|| {
        let mut misfit = Misfit::new(expected);
        let near = suggest::nearest(text, ["auto", "local", "embedded"]);
        misfit.better = near.map(|word| format!("\"{word}\""));
        misfit
    })
}

/// A major version.
pub(super) fn version(given: &Given) -> Result<u16, Misfit> {
    let (Raw::Text(text) | Raw::Number(text)) = &given.raw else {
        return Err(Misfit::new("a major version from 13 to 18"));
    };
    parse_version(text).ok_or_else(|| {
        let mut misfit = Misfit::new("a major version from 13 to 18");
        let major = text.split('.').next().unwrap_or_default();
        misfit.better = parse_version(major).map(|major| format!("\"{major}\""));
        misfit
    })
}

/// Storage.
pub(super) fn storage(given: &Given) -> Result<Storage, Misfit> {
    word(given, Storage::WORDS, Storage::parse)
}

/// The package client of embedded servers.
pub(super) fn fetch_with(given: &Given) -> Result<FetchWith, Misfit> {
    word(given, FetchWith::WORDS, FetchWith::parse)
}

/// The format of migrations.
pub(super) fn format(given: &Given) -> Result<Format, Misfit> {
    word(given, FOLDER_FORMATS, |text| {
        FOLDER_FORMATS.contains(&text).then(|| text.parse().ok()).flatten()
    })
}

fn word<T>(
    given: &Given,
    words: &'static [&'static str],
    parse: fn(&str) -> Option<T>,
) -> Result<T, Misfit> {
    let text = if let Raw::Text(text) = &given.raw { text } else { "" };
    parse(text).ok_or_else(|| {
        let mut misfit = Misfit::new(alternatives(words));
        misfit.better =
            suggest::nearest(text, words.iter().copied()).map(|word| format!("\"{word}\""));
        misfit
    })
}

/// `` `a`, `b` or `c` ``.
pub(super) fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A duration, or `None` for `never`.
pub(super) fn idle_timeout(given: &Given) -> Result<Option<Duration>, Misfit> {
    let text = if let Raw::Text(text) = &given.raw { text } else { "" };
    duration::parse(text)
        .ok_or_else(|| Misfit::new("a number with `s`, `m`, `h` or `d`, at most 365d, or `never`"))
}

/// A number of workers.
pub(super) fn workers(given: &Given) -> Result<Workers, Misfit> {
    let (Raw::Text(text) | Raw::Number(text)) = &given.raw else {
        return Err(Misfit::new("a number from 1 to 256, or `auto`"));
    };
    Workers::parse(text).ok_or_else(|| Misfit::new("a number from 1 to 256, or `auto`"))
}

/// A lane.
pub(super) fn lane(given: &Given) -> Result<LaneChoice, Misfit> {
    word(given, LANES, LaneChoice::from_word)
}

/// A list of texts.
pub(super) fn texts(given: &Given) -> Result<Vec<String>, Misfit> {
    let Raw::List(items) = &given.raw else { return Err(Misfit::new("a list of texts")) };
    items
        .iter()
        .map(|item| match &item.raw {
            Raw::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
            other => Err(Misfit::new("a list of texts").in_list(item.line, other)),
        })
        .collect()
}

/// A list of globs, each checked.
pub(super) fn globs(given: &Given) -> Result<Vec<String>, Misfit> {
    let globs = texts(given).map_err(|misfit| misfit.expecting("a list of globs"))?;
    let Raw::List(items) = &given.raw else { return Ok(globs) };
    for (glob, item) in globs.iter().zip(items) {
        if let Err(flaw) = pattern::check(glob) {
            let misfit = Misfit::new(format!("a glob below the project root ({flaw})"));
            return Err(misfit.in_list(item.line, &item.raw));
        }
    }
    Ok(globs)
}

/// A command: program and arguments.
pub(super) fn command(given: &Given) -> Result<Vec<String>, Misfit> {
    let argv = match &given.raw {
        Raw::Text(text) if !text.trim().is_empty() => {
            vec!["sh".to_owned(), "-c".to_owned(), text.clone()]
        }
        Raw::List(items) if !items.is_empty() => texts(given)?,
        _ => return Err(Misfit::new("a text for `sh -c`, or a list of arguments")),
    };
    Ok(argv)
}

/// The entries of a table, each with its own origin.
fn table<'a>(given: &'a Given, expected: &str) -> Result<Vec<(&'a str, &'a Raw, usize)>, Misfit> {
    let Raw::Table(entries) = &given.raw else { return Err(Misfit::new(expected)) };
    Ok(entries.iter().map(|(name, node)| (name.as_str(), &node.raw, node.line)).collect())
}

/// PostgreSQL parameters, as the text of `postgresql.conf`.
pub(super) fn parameters(given: &Given) -> Result<BTreeMap<String, Value<String>>, Misfit> {
    let mut parameters = BTreeMap::new();
    for (name, raw, line) in table(given, "a table of PostgreSQL parameters")? {
        let misfit = |expected: &str| Err(Misfit::new(expected).in_table(name, line, raw));
        let named = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if !named {
            return misfit("a parameter's name: letters, digits, `_` and `.`");
        }
        if RESERVED_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) {
            return misfit("no value: Seedbed must decide it itself");
        }
        let text = match raw {
            Raw::Text(text) | Raw::Number(text) => text.clone(),
            Raw::Bool(flag) => if *flag { "on" } else { "off" }.to_owned(),
            _ => return misfit("a text, a number, true or false"),
        };
        parameters.insert(name.to_owned(), Value::new(text, Origin::File(line)));
    }
    Ok(parameters)
}

/// Environment variables and their templates.
pub(super) fn templates(given: &Given) -> Result<BTreeMap<String, Value<Template>>, Misfit> {
    let mut templates = BTreeMap::new();
    for (name, raw, line) in table(given, "a table of environment variables")? {
        let misfit = |expected: &str| Misfit::new(expected).in_table(name, line, raw);
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !named {
            return Err(misfit("a variable's name: letters, digits and `_`"));
        }
        let Raw::Text(text) = raw else { return Err(misfit("a text in quotes")) };
        let template = Template::parse(text).map_err(|flaw| match flaw {
            Flaw::Unknown(placeholder) => {
                let known = PLACEHOLDERS.map(|known| format!("{{{known}}}")).join(" ");
                let mut misfit = misfit(&format!("no placeholders but {known}"));
                let near = suggest::nearest(&placeholder, PLACEHOLDERS);
                misfit.better = near.map(|near| {
                    let corrected =
                        text.replace(&format!("{{{placeholder}}}"), &format!("{{{near}}}"));
                    format!("{name} = \"{}\"", redact(&corrected))
                });
                misfit
            }
            Flaw::Unclosed => misfit("a } after each {; a brace itself is {{"),
            Flaw::Unopened => misfit("a { before each }; a brace itself is }}"),
        })?;
        templates.insert(name.to_owned(), Value::new(template, Origin::File(line)));
    }
    Ok(templates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document;
    use crate::config::factories::{LOCALES, locale};
    use crate::config::keys::{KEYS, Shape};

    fn fits(shape: Shape, given: &Given) -> Result<(), Misfit> {
        match shape {
            Shape::Server => server(given).map(drop),
            Shape::Version => version(given).map(drop),
            Shape::Word(words) if words == Storage::WORDS => storage(given).map(drop),
            Shape::Word(words) if words == LANES => lane(given).map(drop),
            Shape::Workers => workers(given).map(drop),
            Shape::Word(words) if words == FetchWith::WORDS => fetch_with(given).map(drop),
            Shape::Word(words) if words == LOCALES => locale(given).map(drop),
            Shape::Word(_) => format(given).map(drop),
            Shape::Text => text(given).map(drop),
            Shape::Path => path(given).map(drop),
            Shape::Bool => boolean(given).map(drop),
            Shape::Duration => idle_timeout(given).map(drop),
            Shape::Texts => texts(given).map(drop),
            Shape::Globs => globs(given).map(drop),
            Shape::Command => command(given).map(drop),
            Shape::Parameters => parameters(given).map(drop),
            Shape::Templates => templates(given).map(drop),
        }
    }

    /// Hints and the reference show examples; the default layer is made of
    /// default texts: all of them must decode.
    #[test]
    fn every_example_and_default_of_the_table_fits() {
        for key in KEYS {
            let mut entries = document::parse(&key.example_lines()).unwrap();
            while let Raw::Table(inner) = &mut entries[0].1.raw
                && !matches!(key.shape, Shape::Parameters | Shape::Templates)
            {
                entries = std::mem::take(inner);
            }
            let given = Given { raw: entries.remove(0).1.raw, origin: Origin::File(1) };
            if let Err(misfit) = fits(key.shape, &given) {
                panic!("{}", misfit.failure(key, &given));
            }
            let Some(default) = key.default else { continue };
            let given = Given { raw: Raw::Text(default.into()), origin: Origin::Default };
            if let Err(misfit) = fits(key.shape, &given) {
                panic!("{}", misfit.failure(key, &given));
            }
        }
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(alternatives(&["a"]), "`a`");
        assert_eq!(alternatives(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
