//! Templates of environment variables: text with `{placeholders}`.
//!
//! Checked when the configuration is read, so that a run never fails halfway
//! over a misspelt name; filled in when the database exists.

/// The names that may stand in braces.
pub const PLACEHOLDERS: [&str; 9] =
    ["url", "host", "port", "user", "password", "database", "socket_dir", "version", "admin_url"];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(&'static str),
}

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A name in braces that is not in [`PLACEHOLDERS`].
    Unknown(String),
    /// `{` without `}` after it.
    Unclosed,
    /// `}` without `{` before it.
    Unopened,
}

impl Template {
    /// Parses a text; `{{` and `}}` stand for braces.
    pub(super) fn parse(source: &str) -> Result<Self, Flaw> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = source.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' if chars.next_if_eq(&'{').is_some() => text.push('{'),
                '}' if chars.next_if_eq(&'}').is_some() => text.push('}'),
                '}' => return Err(Flaw::Unopened),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) => name.push(c),
                            None => return Err(Flaw::Unclosed),
                        }
                    }
                    let Some(known) = PLACEHOLDERS.into_iter().find(|known| *known == name) else {
                        return Err(Flaw::Unknown(name));
                    };
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(Piece::Placeholder(known));
                }
                c => text.push(c),
            }
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { source: source.to_owned(), pieces })
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The placeholders used, in order of appearance, with repetitions.
    pub fn placeholders(&self) -> impl Iterator<Item = &'static str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(*name),
            Piece::Text(_) => None,
        })
    }

    /// Fills in the values; `value` is asked only for names of [`PLACEHOLDERS`].
    pub fn fill<'a>(&self, value: impl Fn(&'static str) -> std::borrow::Cow<'a, str>) -> String {
        let mut out = String::with_capacity(self.source.len() * 2);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Placeholder(name) => out.push_str(&value(name)),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fill(text: &str) -> Result<String, Flaw> {
        Template::parse(text).map(|template| template.fill(|name| format!("<{name}>").into()))
    }

    #[test]
    fn placeholders_are_filled_and_braces_escaped() {
        assert_eq!(fill("jdbc://{host}:{port}/x").unwrap(), "jdbc://<host>:<port>/x");
        assert_eq!(fill("{{\"url\": \"{url}\"}}").unwrap(), "{\"url\": \"<url>\"}");
        assert_eq!(fill("").unwrap(), "");
    }

    #[test]
    fn flaws_are_named() {
        assert_eq!(fill("{hots}"), Err(Flaw::Unknown("hots".into())));
        assert_eq!(fill("{host"), Err(Flaw::Unclosed));
        assert_eq!(fill("host}"), Err(Flaw::Unopened));
    }

    proptest! {
        #[test]
        fn escaped_text_comes_back(text in "[a-z{}]{0,20}") {
            let escaped = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(fill(&escaped).unwrap(), text);
        }
    }
}
