//! A word that is not in a closed list, with the nearest one that is.

use std::fmt;

/// A word nobody knows. The words are names of ours, never values of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What kind of thing was named: `locale`, `generator`.
    pub what: &'static str,
    /// The word as given.
    pub word: String,
    /// The known word it is most like, if one is like it at all.
    pub near: Option<&'static str>,
}

impl Unknown {
    /// Nearness: at least this Jaro-Winkler similarity counts as a slip.
    const SLIP: f64 = 0.75;

    pub(crate) fn new(
        what: &'static str,
        word: &str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let near = known
            .into_iter()
            .map(|candidate| (likeness(word, candidate), candidate))
            .filter(|(likeness, _)| *likeness >= Self::SLIP)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
            .map(|(_, candidate)| candidate);
        Self { what, word: word.to_owned(), near }
    }
}

/// Case does not count, nor the kind of separator.
fn likeness(word: &str, candidate: &str) -> f64 {
    let plain = |text: &str| text.to_lowercase().replace(['-', '.', ' '], "_");
    let (word, candidate) = (plain(word), plain(candidate));
    // Somebody may know only the last part: `email` for `internet.email`.
    let last = candidate.rsplit('_').next().unwrap_or(&candidate);
    if word == last { 0.99 } else { strsim::jaro_winkler(&word, &candidate) }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} `{}`", self.what, self.word)?;
        match self.near {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Unknown {}
