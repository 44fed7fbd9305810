//! `config.md`: every key of `seedbed.toml`.

use seedbed_engine::config::keys::{KEYS, Key, Shape};

use super::pages::header;

pub(super) fn page() -> String {
    let mut out = header("the table of keys");
    out.push_str(
        "# seedbed.toml\n\n\
         The file is optional. It is searched from the current folder (or `-C FOLDER`) upward to \
         the first folder with `.git`; its folder is the project root, and all paths are relative \
         to it. An editor that knows JSON schemas can check it with \
         [seedbed.schema.json](seedbed.schema.json).\n\n\
         Each layer overrides the one before: default, `seedbed.toml`, environment variable, flag. \
         An empty variable counts as unset. `seedbed config show` prints every value and where it \
         comes from. An unknown key is ignored with a warning.\n",
    );
    for key in KEYS {
        section(&mut out, key);
    }
    out
}

fn section(out: &mut String, key: &Key) {
    out.push_str(&format!("\n## `{}`\n\n{}\n\n", key.name, key.doc));
    out.push_str(&format!("- Type: {}\n", kind(key.shape)));
    if let Some(default) = key.default {
        out.push_str(&format!("- Default: `{default}`\n"));
    }
    if let Some(variable) = key.variable {
        out.push_str(&format!("- Environment: `{variable}`\n"));
    }
    if let Some(flag) = key.flag {
        out.push_str(&format!("- Flag: `{flag}`\n"));
    }
    out.push_str(&format!("- Since: {}\n", key.since));
    out.push_str(&format!("\n```toml\n{}\n```\n", key.example_lines()));
}

fn kind(shape: Shape) -> String {
    match shape {
        Shape::Server => "text: `auto`, `local`, `embedded`, `embedded@MAJOR` or a URL".into(),
        Shape::Version => "text or number: a major version".into(),
        Shape::Word(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("text: {}", words.join(", "))
        }
        Shape::Text => "text".into(),
        Shape::Path => "text: a path".into(),
        Shape::Bool => "`true` or `false`".into(),
        Shape::Workers => "number, or text `auto`".into(),
        Shape::Duration => "text: a duration".into(),
        Shape::Texts => "list of texts".into(),
        Shape::Globs => "list of globs".into(),
        Shape::Command => "text or list of texts".into(),
        Shape::Parameters => "table of texts, numbers and booleans".into(),
        Shape::Templates => "table of texts".into(),
    }
}
