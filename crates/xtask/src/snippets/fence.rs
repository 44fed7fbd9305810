//! Fenced blocks of a Markdown page.

/// One block with its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    page: String,
    /// The line of the opening fence, counted from 1.
    line: usize,
    /// The word behind the opening fence; renderers choose colours by it.
    pub(crate) language: String,
    /// The words after it, which are for us alone.
    pub(crate) marks: Vec<String>,
    /// What stands between the fences.
    pub(crate) text: String,
}

/// Languages and the marks they may carry.
const MARKS: [(&str, &str); 5] = [
    ("console", "run"),
    ("console", "project"),
    ("console", "fails"),
    ("toml", "run"),
    ("text", "output"),
];

impl Fence {
    /// A fault at a line of the text, counted from 0.
    pub(crate) fn fault(&self, line: usize, what: &str) -> String {
        format!("{}: snippet: {what}", self.place(line))
    }

    /// A line of the text, counted from 0, as an editor finds it.
    pub(crate) fn place(&self, line: usize) -> String {
        format!("{}:{}", self.page, self.line + 1 + line)
    }

    /// Whether it is of this language and carries this mark.
    pub(crate) fn is(&self, language: &str, mark: &str) -> bool {
        self.language == language && self.marks.iter().any(|own| own == mark)
    }

    /// The file of a project that it is, if it is one.
    pub(crate) fn file(&self) -> Option<&str> {
        self.marks.iter().map(String::as_str).find(|mark| is_path(mark))
    }

    /// The first mark that means nothing: misspelt, it would be passed over.
    pub(crate) fn unknown_mark(&self) -> Option<&str> {
        let known = |mark: &str| is_path(mark) || MARKS.contains(&(self.language.as_str(), mark));
        self.marks.iter().map(String::as_str).find(|mark| !known(mark))
    }

    /// Lines that begin with `$ `, continued where they end with `\`, each
    /// with its index.
    pub(crate) fn commands(&self) -> Vec<(usize, String)> {
        let mut commands = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for (index, line) in self.text.lines().enumerate() {
            let part = line.strip_suffix('\\').unwrap_or(line).trim_end();
            open = match (open.take(), line.strip_prefix("$ ")) {
                (Some((start, text)), _) => Some((start, format!("{text} {}", part.trim_start()))),
                (None, Some(_)) => Some((index, part.trim_start_matches("$ ").to_owned())),
                (None, None) => None,
            };
            if !line.ends_with('\\') {
                commands.extend(open.take());
            }
        }
        commands.extend(open);
        commands
    }
}

/// Whether a mark is a path, such as `tests/test_cart.py`.
fn is_path(mark: &str) -> bool {
    let named = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let ends = mark.rsplit_once('.').is_some_and(|(_, ending)| !ending.is_empty());
    ends && mark.chars().all(named)
}

/// Every fence of a page.
pub(crate) fn all(page: &str, text: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut open: Option<Fence> = None;
    for (index, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                open = Some(Fence {
                    page: page.to_owned(),
                    line: index + 1,
                    language: words.next().unwrap_or_default(),
                    marks: words.collect(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => fences.extend(open.take()),
            (None, Some(fence)) => {
                fence.text.push_str(line);
                fence.text.push('\n');
            }
            (None, None) => {}
        }
    }
    fences.extend(open);
    fences
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# A\n```console run\n$ one \\\n    two\nanswer\n$ three\n```\ntext\n```toml\na = 1\n```\n";

    #[test]
    fn fences_know_their_place_language_and_marks() {
        let fences = all("a.md", PAGE);
        let languages: Vec<_> = fences.iter().map(|fence| fence.language.as_str()).collect();
        assert_eq!(languages, ["console", "toml"]);
        assert!(fences[0].is("console", "run") && !fences[1].is("toml", "run"));
        assert_eq!(fences[1].text, "a = 1\n");
        assert_eq!(fences[1].fault(0, "wrong"), "a.md:10: snippet: wrong");
    }

    #[test]
    fn commands_are_told_from_answers() {
        let commands = all("a.md", PAGE).remove(0).commands();
        assert_eq!(commands, [(0, "one two".to_owned()), (3, "three".to_owned())]);
    }

    #[test]
    fn a_mark_without_meaning_is_named() {
        for (info, unknown) in [
            ("console run", None),
            ("console", None),
            ("text output", None),
            ("console rnu", Some("rnu")),
            ("text run", Some("run")),
            ("sql run", Some("run")),
            ("console project fails", None),
            ("python tests/test_cart.py", None),
            ("python test_cart", Some("test_cart")),
            ("python test cart.py", Some("test")),
        ] {
            let fence = all("a.md", &format!("```{info}\n```\n")).remove(0);
            assert_eq!(fence.unknown_mark(), unknown, "{info}");
        }
    }
}
