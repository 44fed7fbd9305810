//! What the configuration says of factories.

use seedbed_values::Locale;

use super::document::Raw;
use super::layers::Given;
use super::misfit::Misfit;
use super::suggest;

/// The words of `factories.locale`.
pub(super) const LOCALES: &[&str] = &{
    let mut words = [""; Locale::ALL.len()];
    let mut index = 0;
    while index < words.len() {
        words[index] = Locale::ALL[index].word();
        index += 1;
    }
    words
};

/// A locale; `de-DE` is as good as `de_DE`.
pub(super) fn locale(given: &Given) -> Result<Locale, Misfit> {
    let expected = format!("one of {}", LOCALES.join(", "));
    let Raw::Text(text) = &given.raw else { return Err(Misfit::new(expected)) };
    Locale::from_word(text).map_err(|_| {
        let mut misfit = Misfit::new(expected);
        let near = suggest::nearest(text, LOCALES.iter().copied());
        misfit.better = near.map(|word| format!("\"{word}\""));
        misfit
    })
}
