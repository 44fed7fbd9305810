//! A statement being written: its parameters, and how its rows come in. With
//! one row a parameter is `$n::text`; with many it is a column of `c`, the rows
//! the step works on, unnested from arrays of text.

use seedbed_api::plan::{Parameter, Rows};
use seedbed_schema::{quote, quote_literal};

/// Whether a statement serves one row or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One.
    One,
    /// Those of `c`.
    Many,
}

impl From<Rows> for Form {
    fn from(rows: Rows) -> Self {
        match rows {
            Rows::One => Self::One,
            Rows::Times(_) => Self::Many,
        }
    }
}

/// Collects parameters while SQL is written.
#[derive(Debug)]
pub(crate) struct Statement {
    form: Form,
    parameters: Vec<Parameter>,
}

impl Statement {
    /// Without parameters but the ordinals of many rows.
    pub(crate) fn new(form: Form) -> Self {
        let parameters = match form {
            Form::One => Vec::new(),
            Form::Many => vec![Parameter::Ordinals],
        };
        Self { form, parameters }
    }

    /// Its form.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// A text expression of a parameter's value for the row at hand. A text
    /// that is the same for many rows is written out: sending it once for each
    /// row would be waste.
    pub(crate) fn text(&mut self, parameter: Parameter) -> String {
        if let (Form::Many, Parameter::Text(text)) = (self.form, &parameter) {
            return match text {
                Some(text) => format!("{}::text", quote_literal(text)),
                None => "NULL::text".to_owned(),
            };
        }
        let known = self.parameters.iter().position(|known| *known == parameter);
        let place = known.unwrap_or_else(|| {
            self.parameters.push(parameter);
            self.parameters.len() - 1
        });
        match self.form {
            Form::One => format!("${}::text", place + 1),
            Form::Many => format!("c.v{place}"),
        }
    }

    /// The rows a statement of many works on: `c(v0, v1, …)`, `v0` the ordinal.
    ///
    /// The planner reads an array to count its elements, and the executor reads
    /// it again. One of them is enough to know how many rows there are, so only
    /// the ordinals, the shortest, are shown to the planner.
    pub(crate) fn rows(&self) -> String {
        self.unnested(1)
    }

    /// The same without a word to the planner of how many there are, for a
    /// statement that joins such rows with themselves: it takes them for ten, and
    /// a hash join then, where it would sort both sides of thousands.
    pub(crate) fn uncounted_rows(&self) -> String {
        self.unnested(0)
    }

    fn unnested(&self, shown: usize) -> String {
        // A qualified `unnest` takes one array; without the name's schema a
        // function of the user's could be meant.
        let array = |place: usize| {
            if place <= shown {
                format!("pg_catalog.unnest(${place}::text::text[])")
            } else {
                format!("pg_catalog.unnest((SELECT ${place}::text)::text[])")
            }
        };
        let arrays: Vec<String> = (1..=self.parameters.len()).map(array).collect();
        let names: Vec<String> = (0..self.parameters.len()).map(|at| format!("v{at}")).collect();
        format!("ROWS FROM ({}) AS c({})", arrays.join(", "), names.join(", "))
    }

    /// The ordinal of the row at hand, as text.
    pub(crate) fn ordinal(&self) -> &'static str {
        match self.form {
            Form::One => "NULL::text",
            Form::Many => "c.v0",
        }
    }

    /// The parameters, in order.
    pub(crate) fn finish(self) -> Vec<Parameter> {
        self.parameters
    }
}

/// An expression of the catalogue, unchanged, over given values: `columns` are
/// the columns it mentions and SQL for each. Inside it sees nothing else.
pub(crate) fn over(expression: &str, columns: &[(String, String)]) -> String {
    let list: Vec<String> =
        columns.iter().map(|(name, sql)| format!("{sql} AS {}", quote(name))).collect();
    format!("(SELECT ({expression}) FROM (SELECT {}) AS t)", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_has_texts_and_many_have_arrays() {
        let mut one = Statement::new(Form::One);
        let email = Parameter::Argument("email".to_owned());
        assert_eq!(one.text(email.clone()), "$1::text");
        assert_eq!(one.text(Parameter::Text(None)), "$2::text");
        assert_eq!(one.text(email.clone()), "$1::text");
        assert_eq!(one.finish().len(), 2);

        let mut many = Statement::new(Form::Many);
        assert_eq!(many.text(email), "c.v1");
        assert_eq!(many.text(Parameter::Text(Some("a'b".to_owned()))), "'a''b'::text");
        assert_eq!(
            many.rows(),
            "ROWS FROM (pg_catalog.unnest($1::text::text[]), \
             pg_catalog.unnest((SELECT $2::text)::text[])) AS c(v0, v1)"
        );
        assert!(!many.uncounted_rows().contains("unnest($"), "{}", many.uncounted_rows());
    }

    #[test]
    fn expressions_see_only_what_is_given() {
        let columns = [("email".to_owned(), "$1::text::citext".to_owned())];
        assert_eq!(
            over("lower(email)", &columns),
            r#"(SELECT (lower(email)) FROM (SELECT $1::text::citext AS "email") AS t)"#
        );
    }
}
