//! Array literals in the server's input syntax (manual, "Array Input and Output
//! Syntax"). Every element is quoted, so that only `"` and `\` mean anything.

use std::fmt::Write as _;

/// Writes one literal, element by element.
pub(super) struct ArrayLiteral(String);

impl ArrayLiteral {
    /// With room for `elements` short ones.
    pub(super) fn of(elements: usize) -> Self {
        let mut text = String::with_capacity(2 + elements.saturating_mul(16));
        text.push('{');
        Self(text)
    }

    /// Appends a text, or NULL.
    pub(super) fn push(&mut self, element: Option<&str>) {
        self.separate();
        let Some(mut rest) = element else { return self.0.push_str("NULL") };
        self.0.reserve(rest.len() + 3);
        self.0.push('"');
        // Without a way out of the loop: it looks at many bytes at once.
        let means_something = |byte: u8| byte == b'"' || byte == b'\\';
        if rest.bytes().fold(false, |any, byte| any | means_something(byte)) {
            while let Some(place) = rest.bytes().position(means_something) {
                self.0.push_str(&rest[..place]);
                self.0.push('\\');
                // Both are one byte long.
                self.0.push_str(&rest[place..=place]);
                rest = &rest[place + 1..];
            }
        }
        self.0.push_str(rest);
        self.0.push('"');
    }

    /// Appends a number.
    pub(super) fn push_number(&mut self, number: u32) {
        self.separate();
        // Writing to a String cannot fail.
        let _ = write!(self.0, "\"{number}\"");
    }

    /// The literal.
    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn separate(&mut self) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(elements: &[Option<&str>]) -> String {
        let mut literal = ArrayLiteral::of(elements.len());
        for element in elements {
            literal.push(*element);
        }
        literal.finish()
    }

    #[test]
    fn only_quotes_and_backslashes_are_escaped() {
        for (elements, expected) in [
            (&[][..], "{}"),
            (&[Some("")], r#"{""}"#),
            (&[None, Some("NULL"), Some("null")], r#"{NULL,"NULL","null"}"#),
            (&[Some("a,b"), Some("{c}"), Some(" d ")], r#"{"a,b","{c}"," d "}"#),
            (&[Some(r#"say "hi""#), Some(r"C:\x\")], r#"{"say \"hi\"","C:\\x\\"}"#),
            (&[Some("é😀\n\t"), Some("100 %")], "{\"é😀\n\t\",\"100 %\"}"),
        ] {
            assert_eq!(literal(elements), expected);
        }
    }

    #[test]
    fn numbers_are_quoted_too() {
        let mut numbers = ArrayLiteral::of(2);
        numbers.push_number(0);
        numbers.push_number(u32::MAX);
        assert_eq!(numbers.finish(), r#"{"0","4294967295"}"#);
    }
}
