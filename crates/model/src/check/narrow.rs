//! Turns an atom of a condition into what it asks of one column, all other
//! columns of it being decided.

use super::demand::{Case, Demand};
use super::evaluate::{NOW, Row, compiled, now, sort_of, value};
use super::expression::{Comparison, Expression, Operation, Sort, Value};
use crate::decimal::Decimal;
use crate::moment::{self, DAY};
use crate::pattern::Pattern;

/// Adds what `atom` asks of `column`; false if that is not understood, and
/// values must be tried.
pub(crate) fn narrow(
    atom: &Expression,
    column: usize,
    row: &impl Row,
    demand: &mut Demand,
) -> bool {
    let mut narrowing = Narrowing { column, row, demand };
    narrowing.atom(atom)
}

struct Narrowing<'a, R> {
    column: usize,
    row: &'a R,
    demand: &'a mut Demand,
}

impl<R: Row> Narrowing<'_, R> {
    fn mentions(&self, expression: &Expression) -> bool {
        expression.columns().contains(&self.column)
    }

    fn is_column(&self, expression: &Expression) -> bool {
        *expression == Expression::Column(self.column)
    }

    fn atom(&mut self, atom: &Expression) -> bool {
        match atom {
            Expression::Compare(comparison, a, b) => match (self.mentions(a), self.mentions(b)) {
                (true, false) => self.against(a, *comparison, b),
                (false, true) => self.against(b, comparison.mirrored(), a),
                _ => *comparison == Comparison::Equal && self.fixpoint(a, b),
            },
            Expression::IsNull(inner) if self.is_column(inner) => {
                self.demand.nullness(true);
                true
            }
            Expression::In(subject, elements) => self.among(subject, elements, true),
            Expression::Match(subject, pattern, how, insensitive) => {
                self.matched(subject, compiled(pattern, *how, *insensitive), true)
            }
            Expression::Contained(subject, elements) if self.is_array(subject) => {
                let values = self.constants(elements);
                self.demand.element = values;
                self.demand.element.is_some()
            }
            Expression::Call(name, arguments)
                if matches!(name.as_str(), "starts_with" | "operator ^@") =>
            {
                match (&arguments[..], self.text(&arguments[1..])) {
                    ([subject, _], Some(prefix)) => {
                        self.matched(subject, Some(Pattern::prefix(&prefix)), true)
                    }
                    _ => false,
                }
            }
            // What was made of it stands beside it.
            Expression::Is(..) => true,
            Expression::Distinct(a, b) if self.is_column(a) => {
                self.against(a, Comparison::Unequal, b)
            }
            Expression::Not(inner) => match inner.as_ref() {
                Expression::IsNull(inner) if self.is_column(inner) => {
                    self.demand.nullness(false);
                    true
                }
                Expression::In(subject, elements) => self.among(subject, elements, false),
                Expression::Match(subject, pattern, how, insensitive) => {
                    self.matched(subject, compiled(pattern, *how, *insensitive), false)
                }
                Expression::Distinct(a, b) if self.is_column(a) => {
                    self.against(a, Comparison::Equal, b)
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn is_array(&self, subject: &Expression) -> bool {
        match subject {
            Expression::Cast(inner, Sort::Array(_)) => self.is_array(inner),
            other => self.is_column(other),
        }
    }

    fn text(&self, arguments: &[Expression]) -> Option<String> {
        match value(arguments.first()?, self.row) {
            Ok(Some(Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// The values of expressions that do not mention the column; NULL is none.
    fn constants(&self, elements: &[Expression]) -> Option<Vec<Value>> {
        let mut found = Vec::new();
        for element in elements {
            if let Some(value) = value(element, self.row).ok()? {
                found.push(value);
            }
        }
        Some(found)
    }

    /// `x = lower(x)` and its like.
    fn fixpoint(&mut self, a: &Expression, b: &Expression) -> bool {
        let (x, call) = if self.is_plain(a) { (a, b) } else { (b, a) };
        let Expression::Call(name, arguments) = call else { return false };
        if !self.is_plain(x) || !arguments.first().is_some_and(|inner| self.is_plain(inner)) {
            return false;
        }
        match (name.as_str(), arguments.len()) {
            ("lower", 1) => self.demand.case = Some(Case::Lower),
            ("upper", 1) => self.demand.case = Some(Case::Upper),
            ("btrim" | "ltrim" | "rtrim", 1) => self.demand.trimmed = true,
            _ => return false,
        }
        true
    }

    /// The column, perhaps as another type of text.
    fn is_plain(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Cast(inner, sort) if sort.is_text() => self.is_plain(inner),
            other => self.is_column(other),
        }
    }

    fn against(
        &mut self,
        subject: &Expression,
        comparison: Comparison,
        other: &Expression,
    ) -> bool {
        if let Some(shift) = now(other, self.row) {
            let at = match comparison {
                Comparison::Less | Comparison::LessEqual => NOW.0.saturating_add(shift),
                Comparison::Greater | Comparison::GreaterEqual => NOW.1.saturating_add(shift),
                _ => return false,
            };
            return self.apply(subject, comparison, Value::Moment(at));
        }
        match value(other, self.row) {
            Ok(Some(value)) => self.apply(subject, comparison, value),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    fn among(&mut self, subject: &Expression, elements: &[Expression], wanted: bool) -> bool {
        let Some(values) = self.constants(elements) else { return false };
        match subject {
            Expression::Cast(inner, sort) if sort.is_text() => self.among(inner, elements, wanted),
            Expression::Call(name, arguments)
                if matches!(name.as_str(), "lower" | "upper" | "btrim") && arguments.len() == 1 =>
            {
                self.among(&arguments[0], elements, wanted)
            }
            inner if self.is_column(inner) => {
                let sort = self.row.sort(self.column);
                if wanted {
                    return self.demand.among(values, sort);
                }
                values
                    .into_iter()
                    .all(|value| self.demand.compare(Comparison::Unequal, value, sort))
            }
            // One of them is enough.
            other if wanted && self.mentions(other) => match values.into_iter().next() {
                Some(value) => self.apply(other, Comparison::Equal, value),
                None => false,
            },
            _ => false,
        }
    }

    fn matched(&mut self, subject: &Expression, pattern: Option<Pattern>, wanted: bool) -> bool {
        let Some(pattern) = pattern else { return false };
        match subject {
            Expression::Cast(inner, sort) if sort.is_text() => {
                self.matched(inner, Some(pattern), wanted)
            }
            inner if self.is_column(inner) => {
                let held =
                    if wanted { &mut self.demand.patterns } else { &mut self.demand.against };
                held.push(pattern);
                true
            }
            // Made so that the function changes nothing.
            Expression::Call(name, arguments) if arguments.len() == 1 => {
                match name.as_str() {
                    "lower" => self.demand.case = Some(Case::Lower),
                    "upper" => self.demand.case = Some(Case::Upper),
                    "btrim" => self.demand.trimmed = true,
                    _ => return false,
                }
                self.matched(&arguments[0], Some(pattern), wanted)
            }
            _ => false,
        }
    }

    /// `subject` compared with a value, unwrapped until the column is alone.
    fn apply(&mut self, subject: &Expression, comparison: Comparison, wanted: Value) -> bool {
        match subject {
            Expression::Column(_) => {
                self.demand.compare(comparison, wanted, self.row.sort(self.column))
            }
            Expression::Cast(inner, sort) => self.cast(inner, sort, comparison, wanted),
            Expression::Negative(inner) => match wanted {
                Value::Number(number) => {
                    self.apply(inner, comparison.mirrored(), Value::Number(number.negated()))
                }
                _ => false,
            },
            Expression::Arithmetic(operation, a, b) => {
                self.arithmetic(*operation, (a, b), comparison, &wanted)
            }
            Expression::Call(name, arguments) => self.call(name, arguments, comparison, wanted),
            _ => false,
        }
    }

    fn cast(
        &mut self,
        inner: &Expression,
        sort: &Sort,
        comparison: Comparison,
        wanted: Value,
    ) -> bool {
        match (sort, &wanted) {
            (Sort::Date, Value::Moment(at)) if comparison == Comparison::Equal => {
                self.apply(inner, Comparison::GreaterEqual, Value::Moment(*at))
                    && self.apply(inner, Comparison::Less, Value::Moment(at + DAY))
            }
            // Later than a day is later than its end.
            (Sort::Date, Value::Moment(at)) if comparison == Comparison::Greater => {
                self.apply(inner, Comparison::GreaterEqual, Value::Moment(at + DAY))
            }
            _ => self.apply(inner, comparison, wanted),
        }
    }

    fn arithmetic(
        &mut self,
        operation: Operation,
        (a, b): (&Expression, &Expression),
        comparison: Comparison,
        wanted: &Value,
    ) -> bool {
        let left = self.mentions(a);
        if left && self.mentions(b) {
            return false;
        }
        let (inner, other) = if left { (a, b) } else { (b, a) };
        let other = match value(other, self.row) {
            Ok(Some(other)) => other,
            Ok(None) => return true,
            Err(_) => return false,
        };
        let Some((comparison, wanted)) =
            self.inverse(operation, left, inner, &other, comparison, wanted)
        else {
            return false;
        };
        if operation == Operation::Modulo {
            return match (wanted, other, self.is_column(inner)) {
                (Value::Number(remainder), Value::Number(modulus), true) => {
                    self.demand.multiple = Some((modulus, remainder));
                    true
                }
                _ => false,
            };
        }
        self.apply(inner, comparison, wanted)
    }

    /// What the inner side is compared with so that the whole compares as asked.
    fn inverse(
        &self,
        operation: Operation,
        left: bool,
        inner: &Expression,
        other: &Value,
        comparison: Comparison,
        wanted: &Value,
    ) -> Option<(Comparison, Value)> {
        use super::evaluate::arithmetic as compute;
        let plain = |value| Some((comparison, value));
        match (operation, left) {
            (Operation::Plus, _) => match (wanted, other) {
                // `days + x` has no other use.
                (Value::Moment(_), Value::Moment(_)) => None,
                _ => compute(Operation::Minus, wanted, other, false).ok().and_then(plain),
            },
            (Operation::Minus, true) => {
                compute(Operation::Plus, wanted, other, false).ok().and_then(plain)
            }
            (Operation::Minus, false) => {
                let value = compute(Operation::Minus, other, wanted, false).ok()?;
                Some((comparison.mirrored(), value))
            }
            (Operation::Times, _) => match (wanted, other) {
                (Value::Number(wanted), Value::Number(factor)) => {
                    let value = Value::Number(wanted.over(*factor)?);
                    let turned =
                        if factor.is_negative() { comparison.mirrored() } else { comparison };
                    Some((turned, value))
                }
                _ => None,
            },
            (Operation::Over, true) => match (wanted, other) {
                (Value::Number(wanted), Value::Number(divisor))
                    if !divisor.is_negative()
                        && sort_of(inner, self.row) != Some(Sort::Number(true)) =>
                {
                    plain(Value::Number(wanted.times(*divisor)?))
                }
                _ => None,
            },
            (Operation::Modulo, true) if comparison == Comparison::Equal => plain(wanted.clone()),
            _ => None,
        }
    }

    fn call(
        &mut self,
        name: &str,
        arguments: &[Expression],
        comparison: Comparison,
        wanted: Value,
    ) -> bool {
        match (name, arguments, wanted) {
            ("length" | "octet_length", [inner], Value::Number(count)) => {
                self.length(inner, comparison, count, name == "octet_length")
            }
            ("array_length", [inner, _], Value::Number(count))
            | ("cardinality", [inner], Value::Number(count))
                if self.is_column(inner) =>
            {
                whole(comparison, count)
                    .is_some_and(|(comparison, count)| self.demand.count(comparison, count))
            }
            ("jsonb_typeof" | "json_typeof", [inner], Value::Text(kind))
                if self.is_column(inner) && comparison == Comparison::Equal =>
            {
                self.demand.json = Some(kind);
                true
            }
            ("lower" | "upper", [inner], wanted) if self.is_plain(inner) => {
                self.demand.case = Some(if name == "lower" { Case::Lower } else { Case::Upper });
                self.apply(inner, comparison, wanted)
            }
            ("btrim" | "ltrim" | "rtrim", [inner], wanted) if self.is_plain(inner) => {
                self.demand.trimmed = true;
                match (&wanted, comparison) {
                    (Value::Text(text), Comparison::Unequal) if text.is_empty() => {
                        self.demand.characters(Comparison::Greater, 0)
                    }
                    _ => self.apply(inner, comparison, wanted),
                }
            }
            ("left" | "substr", [inner, rest @ ..], Value::Text(prefix))
                if comparison == Comparison::Equal
                    && (name == "left" || self.is_one(rest.first())) =>
            {
                self.matched(inner, Some(Pattern::prefix(&prefix)), true)
            }
            ("abs", [inner], Value::Number(bound)) => match comparison {
                Comparison::Less | Comparison::LessEqual => {
                    self.apply(inner, comparison, Value::Number(bound))
                        && self.apply(inner, comparison.mirrored(), Value::Number(bound.negated()))
                }
                _ => self.apply(inner, comparison, Value::Number(bound)),
            },
            ("date_part", [_, inner], Value::Number(year)) => {
                matches!(self.text(arguments).as_deref(), Some("year"))
                    && self.year(inner, comparison, year.to_i64(false))
            }
            ("mod", [inner, modulus], Value::Number(remainder))
                if comparison == Comparison::Equal && self.is_column(inner) =>
            {
                match value(modulus, self.row) {
                    Ok(Some(Value::Number(modulus))) => {
                        self.demand.multiple = Some((modulus, remainder));
                        true
                    }
                    _ => false,
                }
            }
            ("coalesce", [inner, ..], wanted) => self.apply(inner, comparison, wanted),
            _ => false,
        }
    }

    fn is_one(&self, argument: Option<&Expression>) -> bool {
        matches!(argument, Some(Expression::Constant(Value::Number(number), _))
            if *number == Decimal::integer(1))
    }

    fn length(
        &mut self,
        inner: &Expression,
        comparison: Comparison,
        count: Decimal,
        bytes: bool,
    ) -> bool {
        let Some((comparison, count)) = whole(comparison, count) else { return false };
        match inner {
            Expression::Cast(inner, sort) if sort.is_text() => {
                self.length(inner, comparison, Decimal::integer(count), bytes)
            }
            Expression::Call(name, arguments) if arguments.len() == 1 => {
                if name.ends_with("trim") {
                    self.demand.trimmed = true;
                } else if !matches!(name.as_str(), "lower" | "upper") {
                    return false;
                }
                self.length(&arguments[0], comparison, Decimal::integer(count), bytes)
            }
            inner if self.is_column(inner) => {
                if bytes
                    && matches!(
                        comparison,
                        Comparison::Less | Comparison::LessEqual | Comparison::Equal
                    )
                {
                    self.demand.bytes = usize::try_from(count).ok();
                }
                self.demand.characters(comparison, count)
            }
            _ => false,
        }
    }

    fn year(&mut self, inner: &Expression, comparison: Comparison, year: i64) -> bool {
        if !(1..9_999).contains(&year) {
            return false;
        }
        let (start, end) = (moment::days(year, 1, 1) * DAY, moment::days(year + 1, 1, 1) * DAY);
        let (low, high) = match comparison {
            Comparison::Equal => (Some(start), Some(end)),
            Comparison::GreaterEqual => (Some(start), None),
            Comparison::Greater => (Some(end), None),
            Comparison::LessEqual => (None, Some(end)),
            Comparison::Less => (None, Some(start)),
            Comparison::Unequal => return false,
        };
        low.is_none_or(|low| self.apply(inner, Comparison::GreaterEqual, Value::Moment(low)))
            && high.is_none_or(|high| self.apply(inner, Comparison::Less, Value::Moment(high)))
    }
}

/// A comparison of a whole number with a decimal as one with a whole number.
fn whole(comparison: Comparison, count: Decimal) -> Option<(Comparison, i64)> {
    if count.is_whole() {
        return Some((comparison, count.to_i64(false)));
    }
    match comparison {
        Comparison::Less | Comparison::LessEqual => {
            Some((Comparison::LessEqual, count.to_i64(false)))
        }
        Comparison::Greater | Comparison::GreaterEqual => {
            Some((Comparison::GreaterEqual, count.to_i64(true)))
        }
        _ => None,
    }
}
