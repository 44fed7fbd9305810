//! What a generator writes with: the cell's draws, the locale's words, the
//! limits, and how a text is shortened without losing its form.

use crate::base::write_padded;
use crate::dictionary::{Dictionary, Format, List};
use crate::limits::Limits;
use crate::locale::Locale;
use crate::pattern::write_pattern;
use crate::stream::Stream;
use crate::token::Token;

/// One value being written. Appends only; allocates nothing of its own.
pub(super) struct Pen<'a> {
    pub(super) stream: &'a mut Stream,
    pub(super) locale: Locale,
    pub(super) words: &'static Dictionary,
    pub(super) limits: &'a Limits,
    pub(super) token: Option<&'a Token>,
    pub(super) out: &'a mut String,
    /// Where this value begins in `out`.
    pub(super) start: usize,
}

impl Pen<'_> {
    /// Appends an entry of a list: one draw.
    pub(super) fn entry(&mut self, list: List) {
        let entries = self.words.list(list);
        let index = self.stream.index(entries.len());
        self.nth(list, index);
    }

    /// Appends entry number `index` of a list.
    pub(super) fn nth(&mut self, list: List, index: usize) {
        self.out.push_str(self.words.list(list).get(index).copied().unwrap_or_default());
    }

    /// Appends a word in ASCII: one draw.
    pub(super) fn ascii_word(&mut self) {
        let words = self.words.ascii(List::Word);
        let index = self.stream.index(words.len());
        self.out.push_str(words.get(index).map_or("", |word| word));
    }

    /// Appends one of these: one draw.
    pub(super) fn one_of(&mut self, choices: &[&str]) {
        let choice = self.stream.pick(choices).copied().unwrap_or_default();
        self.out.push_str(choice);
    }

    /// Appends one of a format's patterns, drawn: one draw and the pattern's.
    pub(super) fn pattern(&mut self, format: Format) {
        let pattern = self.stream.pick(self.words.formats(format)).copied().unwrap_or_default();
        write_pattern(pattern, self.stream, self.out);
    }

    /// Appends a template, each `{name}` replaced by what `part` appends.
    pub(super) fn template(&mut self, template: &str, mut part: impl FnMut(&mut Self, &str)) {
        let mut pieces = template.split('{');
        self.out.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (name, after) = piece.split_once('}').unwrap_or((piece, ""));
            part(self, name);
            self.out.push_str(after);
        }
    }

    /// Appends a number with at least `width` digits.
    pub(super) fn number(&mut self, number: u64, width: usize) {
        write_padded(number, width, self.out);
    }

    /// 128 bits: two draws, the first one above.
    pub(super) fn bits(&mut self) -> u128 {
        let upper = u128::from(self.stream.next_u64());
        upper << 64 | u128::from(self.stream.next_u64())
    }

    /// Most characters of the value.
    pub(super) fn room(&self) -> usize {
        self.limits.max_chars.unwrap_or(usize::MAX)
    }

    /// Characters that `separator` and the token take.
    pub(super) fn token_length(&self) -> usize {
        self.token.map_or(0, |token| token.as_str().len() + 1)
    }

    /// Ends a value of ASCII characters. What was written since `from` is cut
    /// so that it keeps the limit together with the token and `tail`, at a
    /// separator if that leaves at least half; the token follows after
    /// `separator`. If even one character is too much, the value is too long
    /// and is refused by whoever asked for it.
    pub(super) fn close(&mut self, from: usize, separator: char, tail: &[&str]) {
        let tail_length: usize = tail.iter().map(|part| part.len()).sum();
        let fixed = (from - self.start) + tail_length + self.token_length();
        let least = usize::from(self.token.is_none());
        let budget = self.room().saturating_sub(fixed).max(least);
        if self.out.len() - from > budget {
            let whole = self.out[from + budget..].starts_with(separator);
            let kept = &self.out[from..from + budget];
            let parted = kept.rfind(separator).filter(|at| !whole && *at > 0 && at * 2 >= budget);
            self.clip(from, parted.unwrap_or(budget));
        }
        if let Some(token) = self.token {
            if self.out.len() > from {
                self.out.push(separator);
            }
            self.out.push_str(token.as_str());
        }
        self.out.extend(tail.iter().copied());
    }

    /// Leaves at most `most` ASCII characters since `from`, the last of them a
    /// letter or a digit.
    pub(super) fn clip(&mut self, from: usize, most: usize) {
        if self.out.len() - from > most {
            self.out.truncate(from + most);
            let kept =
                self.out[from..].trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len();
            self.out.truncate(from + kept);
        }
    }

    /// Ends a value of words: it is cut to the limit, between words if that
    /// leaves at least half, and the token becomes its last word, before the
    /// full stop it ends with.
    pub(super) fn close_words(&mut self, full_stop: Option<char>) {
        let Some(token) = self.token else {
            self.cut(self.room());
            return;
        };
        if let Some(full_stop) = full_stop {
            self.out.truncate(self.out.len() - full_stop.len_utf8());
        }
        let fixed = self.token_length() + usize::from(full_stop.is_some());
        self.cut(self.room().saturating_sub(fixed));
        if self.out.len() > self.start {
            self.out.push(' ');
        }
        self.out.push_str(token.as_str());
        let room_left = self.out[self.start..].chars().count() < self.room();
        self.out.extend(full_stop.filter(|_| room_left));
    }

    /// Leaves at most `max` characters of the value.
    pub(super) fn cut(&mut self, max: usize) {
        let text = &self.out[self.start..];
        if text.len() <= max {
            return;
        }
        let Some((end, next)) = text.char_indices().nth(max) else { return };
        let kept = &text[..end];
        let parted = kept.rfind(char::is_whitespace).filter(|at| at * 2 >= end);
        let end = match parted {
            Some(at) if !next.is_whitespace() => at,
            _ => end,
        };
        let end = text[..end]
            .trim_end_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != '。')
            .len();
        self.out.truncate(self.start + end);
    }
}
