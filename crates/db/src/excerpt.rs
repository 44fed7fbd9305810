//! The lines around an error, as a person wants to see them: three lines with
//! their numbers in the file and a caret where the server gave a position.
//! Positions are characters from 1 in the statement that was sent (manual,
//! "Error and Notice Message Fields"). Passwords in the text are masked.

use std::fmt::Write as _;

/// Lines shown before and after the one that failed.
const AROUND_LINES: usize = 1;
/// Longer lines are cut to a window around the error.
const WIDTH_CHARS: usize = 120;

/// A statement's text and the line of the file where it begins, from 1.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// A place in a statement: line counted from 0, column from 0 if known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    line: usize,
    column: Option<usize>,
}

impl Source<'_> {
    /// The place of a server position, or of the statement's first word.
    pub(crate) fn place(self, position: Option<usize>) -> Place {
        let Some(position) = position.filter(|position| *position > 0) else {
            return Place { line: self.first_line_of_code(), column: None };
        };
        let (mut line, mut column) = (0, 0);
        for character in self.text.chars().take(position - 1) {
            if character == '\n' {
                line += 1;
                column = 0;
            } else {
                column += 1;
            }
        }
        Place { line, column: Some(column) }
    }

    /// The place of line `number` (from 1) of the body of a `DO` block.
    pub(crate) fn place_in_body(self, number: usize) -> Option<Place> {
        let quote = self.text.find('$')?;
        let start = self.text[..quote].matches('\n').count();
        let line = start + number.checked_sub(1)?;
        (line < self.text.lines().count()).then_some(Place { line, column: None })
    }

    /// The number in the file of a place's line.
    pub(crate) fn line_of(self, place: Place) -> usize {
        self.line + place.line
    }

    /// The lines around a place, numbered, each ended by a newline.
    pub(crate) fn excerpt(self, place: Place) -> String {
        let first = place.line.saturating_sub(AROUND_LINES);
        let count = 2 * AROUND_LINES + 1;
        let digits = (self.line + first + count).to_string().len();
        let mut shown = String::new();
        for (index, line) in self.text.lines().enumerate().skip(first).take(count) {
            let column = place.column.filter(|_| index == place.line);
            let (line, column) = window(&masked(line), column);
            let number = self.line + index;
            // Writing to a String cannot fail.
            let _ = writeln!(shown, "{}", format!("{number:>digits$} | {line}").trim_end());
            if let Some(column) = column {
                let _ = writeln!(shown, "{:>digits$} | {:>width$}", "", "^", width = column + 1);
            }
        }
        shown
    }

    fn first_line_of_code(self) -> usize {
        self.text
            .lines()
            .position(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
            .unwrap_or(0)
    }
}

/// One line of COPY data with its number in the file.
pub(crate) fn data_excerpt(data: &[u8], line: usize, number: usize) -> Option<String> {
    let row = data.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?;
    let (row, _) = window(&String::from_utf8_lossy(row), None);
    Some(format!("{number} | {}\n", row.trim_end()))
}

/// At most [`WIDTH_CHARS`] characters of a line, with the column in the result.
fn window(line: &str, column: Option<usize>) -> (String, Option<usize>) {
    let characters: Vec<char> = line
        .trim_end_matches('\r')
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if characters.len() <= WIDTH_CHARS {
        return (characters.into_iter().collect(), column);
    }
    let start =
        column.unwrap_or(0).saturating_sub(WIDTH_CHARS / 2).min(characters.len() - WIDTH_CHARS);
    let end = start + WIDTH_CHARS;
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    shown.extend(&characters[start..end]);
    if end < characters.len() {
        shown.push('…');
    }
    (shown, column.map(|column| column - start + usize::from(start > 0)))
}

/// The text with every literal after the word PASSWORD replaced by asterisks
/// of the same length, so that columns stay where they are.
pub(crate) fn masked(text: &str) -> String {
    const WORD: &str = "password";
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(found) = lower[done..].find(WORD) {
        let after = done + found + WORD.len();
        let blank = text[after..].len() - text[after..].trim_start().len();
        let quote = after + blank;
        if !text[quote..].starts_with('\'') {
            shown.push_str(&text[done..after]);
            done = after;
            continue;
        }
        let end = literal_end(&text[quote..]).map_or(text.len(), |length| quote + length);
        shown.push_str(&text[done..=quote]);
        let inside = text[quote + 1..end].trim_end_matches('\'');
        shown.extend(inside.chars().map(|_| '*'));
        shown.push_str(&text[quote + 1 + inside.len()..end]);
        done = end;
    }
    shown.push_str(&text[done..]);
    shown
}

/// Length of the literal a text begins with, its quotes included.
fn literal_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut index = 1;
    while index < bytes.len() {
        match (bytes[index], bytes.get(index + 1)) {
            (b'\'', Some(b'\'')) => index += 2,
            (b'\'', _) => return Some(index + 1),
            _ => index += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_caret_stands_under_the_character_the_server_named() {
        let source = Source { text: "create table t (\n  ä int,\n  b intt\n)", line: 9 };
        let position = source.text.chars().take_while(|c| *c != 'b').count();
        // The second `b`, after the one in `table`.
        assert_eq!(position, 9);
        let position = "create table t (\n  ä int,\n  b ".chars().count() + 1;
        let place = source.place(Some(position));
        assert_eq!(source.line_of(place), 11);
        assert_eq!(source.excerpt(place), "10 |   ä int,\n11 |   b intt\n   |     ^\n12 | )\n");
    }

    #[test]
    fn without_a_position_the_first_line_of_code_is_meant() {
        let source = Source { text: "-- why\n\nselect 1/0", line: 3 };
        let place = source.place(None);
        assert_eq!(source.line_of(place), 5);
        assert_eq!(source.excerpt(place), "4 |\n5 | select 1/0\n");
    }

    #[test]
    fn long_lines_are_cut_around_the_error() {
        let text = format!("select {}, nope, {}", "1,".repeat(200), "2,".repeat(200));
        let position = text.find("nope").unwrap() + 1;
        let source = Source { text: &text, line: 1 };
        let excerpt = source.excerpt(source.place(Some(position)));
        let mut lines = excerpt.lines();
        let (code, caret) = (lines.next().unwrap(), lines.next().unwrap());
        let column = caret.chars().position(|c| c == '^').unwrap();
        assert_eq!(code.chars().skip(column).take(4).collect::<String>(), "nope");
        assert!(code.chars().count() < 130);
    }

    #[test]
    fn passwords_are_masked_in_place() {
        for (text, expected) in [
            ("ALTER ROLE a PASSWORD 'hunter2';", "ALTER ROLE a PASSWORD '*******';"),
            ("create role a password  'x''y' login", "create role a password  '****' login"),
            ("password 'open", "password '****"),
            ("select password from t", "select password from t"),
            ("PASSWORD NULL", "PASSWORD NULL"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn a_data_row_is_shown_with_its_number() {
        assert_eq!(data_excerpt(b"a\tb\nc\td\n", 2, 41).unwrap(), "41 | c d\n");
        assert_eq!(data_excerpt(b"a\n", 7, 41), None);
    }

    proptest! {
        #[test]
        fn any_text_and_position_is_shown_without_panic(
            text in "[ -~äß\u{1F600}\n\t']{0,200}(password '[a-z']{0,9})?",
            position in proptest::option::of(0usize..400),
        ) {
            let source = Source { text: &text, line: 1 };
            let place = source.place(position);
            let _ = source.excerpt(place);
            prop_assert_eq!(masked(&text).chars().count(), text.chars().count());
        }
    }
}
