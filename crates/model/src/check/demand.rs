//! What conditions ask of one column's value.

use super::constant;
use super::expression::{Comparison, Sort, Value};
use crate::decimal::Decimal;
use crate::pattern::Pattern;

/// A bound and whether it is itself allowed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: Value,
    pub(crate) inclusive: bool,
}

/// What conditions ask of one column's value. Empty: nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Demand {
    /// Must be NULL, must not be.
    pub(crate) null: Option<bool>,
    /// Must and must not be NULL.
    pub(crate) contradiction: bool,
    /// One of these, in their order.
    pub(crate) choices: Option<Vec<Value>>,
    /// None of these.
    pub(crate) excluded: Vec<Value>,
    pub(crate) low: Option<Bound>,
    pub(crate) high: Option<Bound>,
    /// Modulus and remainder.
    pub(crate) multiple: Option<(Decimal, Decimal)>,
    /// Fewest and most characters.
    pub(crate) length: (usize, Option<usize>),
    /// Most bytes.
    pub(crate) bytes: Option<usize>,
    /// Fewest and most elements of an array.
    pub(crate) elements: (usize, Option<usize>),
    /// What its elements are chosen from.
    pub(crate) element: Option<Vec<Value>>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) against: Vec<Pattern>,
    pub(crate) case: Option<Case>,
    /// No blank at either end.
    pub(crate) trimmed: bool,
    /// `object`, `array`, …
    pub(crate) json: Option<String>,
}

/// All letters are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
}

impl Demand {
    /// Asks for NULL, or for anything else.
    pub(crate) fn nullness(&mut self, null: bool) {
        self.contradiction |= self.null == Some(!null);
        self.null = Some(null);
    }

    /// Asks for a comparison with a value; false if that kind of value cannot
    /// be compared here.
    pub(crate) fn compare(&mut self, comparison: Comparison, value: Value, sort: &Sort) -> bool {
        let Some(value) = typed(value, sort) else { return false };
        match comparison {
            Comparison::Equal => return self.among(vec![value], sort),
            Comparison::Unequal => {
                self.excluded.push(value);
                return true;
            }
            _ => {}
        }
        if !matches!(value, Value::Number(_) | Value::Moment(_)) {
            return false;
        }
        let inclusive = matches!(comparison, Comparison::LessEqual | Comparison::GreaterEqual);
        let bound = Bound { value, inclusive };
        if matches!(comparison, Comparison::Less | Comparison::LessEqual) {
            if self.high.as_ref().is_none_or(|held| tighter(&bound, held, std::cmp::Ordering::Less))
            {
                self.high = Some(bound);
            }
        } else if self
            .low
            .as_ref()
            .is_none_or(|held| tighter(&bound, held, std::cmp::Ordering::Greater))
        {
            self.low = Some(bound);
        }
        true
    }

    /// Asks for one of these values.
    pub(crate) fn among(&mut self, values: Vec<Value>, sort: &Sort) -> bool {
        let Some(values) =
            values.into_iter().map(|value| typed(value, sort)).collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        if values.iter().any(|value| matches!(value, Value::Array(_) | Value::Span(_))) {
            return false;
        }
        self.choices = Some(match self.choices.take() {
            Some(held) => held.into_iter().filter(|value| values.contains(value)).collect(),
            None => {
                let mut distinct = Vec::with_capacity(values.len());
                for value in values {
                    if !distinct.contains(&value) {
                        distinct.push(value);
                    }
                }
                distinct
            }
        });
        true
    }

    /// Asks for a number of characters.
    pub(crate) fn characters(&mut self, comparison: Comparison, count: i64) -> bool {
        limit(&mut self.length, comparison, count)
    }

    /// Asks for a number of elements.
    pub(crate) fn count(&mut self, comparison: Comparison, count: i64) -> bool {
        limit(&mut self.elements, comparison, count)
    }

    /// Whether nothing can meet it, as far as that is seen at once.
    pub(crate) fn is_impossible(&self) -> bool {
        if self.contradiction {
            return true;
        }
        if self.null == Some(true) {
            return false;
        }
        let crossed = match (&self.low, &self.high) {
            (Some(low), Some(high)) => match order(&low.value, &high.value) {
                Some(order) if order.is_gt() => true,
                Some(order) if order.is_eq() => !(low.inclusive && high.inclusive),
                _ => false,
            },
            _ => false,
        };
        crossed
            || self.length.1.is_some_and(|most| most < self.length.0)
            || self.elements.1.is_some_and(|most| most < self.elements.0)
            || self
                .choices
                .as_ref()
                .is_some_and(|held| held.iter().all(|value| self.allows(value) == Some(false)))
    }

    /// Whether a value meets it; nothing if only the server knows.
    pub(crate) fn allows(&self, value: &Value) -> Option<bool> {
        let beyond = |bound: &Option<Bound>, outside: std::cmp::Ordering| {
            bound.as_ref().is_some_and(|bound| match order(value, &bound.value) {
                Some(order) => order == outside || (order.is_eq() && !bound.inclusive),
                None => false,
            })
        };
        if self.choices.as_ref().is_some_and(|held| !held.contains(value))
            || self.excluded.contains(value)
            || beyond(&self.low, std::cmp::Ordering::Less)
            || beyond(&self.high, std::cmp::Ordering::Greater)
        {
            return Some(false);
        }
        if let (Value::Number(number), Some((modulus, remainder))) = (value, self.multiple)
            && number.modulo(modulus) != Some(remainder)
        {
            return Some(false);
        }
        match value {
            Value::Text(text) => self.allows_text(text),
            _ => Some(true),
        }
    }

    /// The same for a text.
    pub(crate) fn allows_str(&self, text: &str) -> Option<bool> {
        let is = |value: &Value| matches!(value, Value::Text(held) if held == text);
        if self.choices.as_ref().is_some_and(|held| !held.iter().any(is))
            || self.excluded.iter().any(is)
        {
            return Some(false);
        }
        self.allows_text(text)
    }

    fn allows_text(&self, text: &str) -> Option<bool> {
        let characters = text.chars().count();
        let fits = characters >= self.length.0
            && self.length.1.is_none_or(|most| characters <= most)
            && self.bytes.is_none_or(|most| text.len() <= most)
            && !(self.trimmed && text.trim_matches(' ') != text)
            && match self.case {
                Some(Case::Lower) => !text.chars().any(char::is_uppercase),
                Some(Case::Upper) => !text.chars().any(char::is_lowercase),
                None => true,
            };
        if !fits {
            return Some(false);
        }
        let mut known = true;
        for (pattern, wanted) in self
            .patterns
            .iter()
            .map(|pattern| (pattern, true))
            .chain(self.against.iter().map(|pattern| (pattern, false)))
        {
            match pattern.matches(text) {
                Some(matched) if matched != wanted => return Some(false),
                Some(_) => {}
                None => known = false,
            }
        }
        known.then_some(true)
    }
}

/// A constant without a type gets that of the column.
fn typed(value: Value, sort: &Sort) -> Option<Value> {
    match value {
        Value::Text(text) => match constant::read(&text, sort)? {
            Value::Text(_) if *sort == Sort::Padded => {
                Some(Value::Text(text.trim_end_matches(' ').to_owned()))
            }
            read => Some(read),
        },
        other => Some(other),
    }
}

/// The order of two values of one kind.
pub(crate) fn order(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Moment(a), Value::Moment(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn tighter(new: &Bound, held: &Bound, side: std::cmp::Ordering) -> bool {
    match order(&new.value, &held.value) {
        Some(order) => order == side || (order.is_eq() && !new.inclusive),
        None => false,
    }
}

fn limit(held: &mut (usize, Option<usize>), comparison: Comparison, count: i64) -> bool {
    let at = |count: i64| usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    let (least, most) = match comparison {
        Comparison::Equal => (at(count), Some(at(count))),
        Comparison::Less if count <= 0 => (1, Some(0)),
        Comparison::Less => (0, Some(at(count - 1))),
        Comparison::LessEqual => (0, Some(at(count))),
        Comparison::Greater => (at(count.saturating_add(1)), None),
        Comparison::GreaterEqual => (at(count), None),
        Comparison::Unequal if count == 0 => (1, None),
        Comparison::Unequal => return false,
    };
    held.0 = held.0.max(least);
    held.1 = match (held.1, most) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    true
}
