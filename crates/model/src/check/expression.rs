//! Conditions as a tree.

use crate::decimal::Decimal;
use crate::moment::Span;

/// A value a condition speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Bool(bool),
    Number(Decimal),
    Text(String),
    /// Microseconds of a date, time or timestamp.
    Moment(i64),
    Span(Span),
    /// The elements, which may be NULL.
    Array(Vec<Option<Self>>),
}

/// What a type is to a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Bool,
    /// Whole numbers only?
    Number(bool),
    /// Binary floating point: equal only to itself.
    Float,
    /// Compared byte by byte.
    Text,
    /// `character(n)`: blanks at the end say nothing.
    Padded,
    /// Compared without regard to case.
    Citext,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Span,
    Json,
    /// `bytea`; its values are the server's hexadecimal text.
    Bytes,
    Array(Box<Self>),
    /// Known only to be equal to its own text: uuid, inet, enum, …
    Opaque,
}

impl Sort {
    /// Whether its values are moments.
    pub(crate) const fn is_moment(&self) -> bool {
        matches!(self, Self::Date | Self::Time | Self::Timestamp | Self::Timestamptz)
    }

    /// Whether its values are text to the evaluator.
    pub(crate) const fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Padded | Self::Citext | Self::Opaque | Self::Json)
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Comparison {
    /// What holds when this does not.
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::Unequal,
            Self::Unequal => Self::Equal,
            Self::Less => Self::GreaterEqual,
            Self::LessEqual => Self::Greater,
            Self::Greater => Self::LessEqual,
            Self::GreaterEqual => Self::Less,
        }
    }

    /// The same with its sides exchanged.
    pub(crate) const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            same => same,
        }
    }

    /// Whether it holds for two values in this order.
    pub(crate) const fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
        }
    }
}

/// How a text is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    Regex,
    Like,
    Similar,
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
}

/// A condition, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    /// A column, by its place in the table.
    Column(usize),
    Constant(Value, Sort),
    Null,
    /// `now()` and the like: later than any past value we write, earlier than
    /// any far future one.
    Now(Sort),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// Whether it is NULL.
    IsNull(Box<Self>),
    /// `IS TRUE`, `IS FALSE`: never NULL.
    Is(Box<Self>, bool),
    Compare(Comparison, Box<Self>, Box<Self>),
    /// `IS DISTINCT FROM`.
    Distinct(Box<Self>, Box<Self>),
    /// `x = ANY (…)` over constants or any expressions.
    In(Box<Self>, Vec<Self>),
    /// `x <@ ARRAY[…]`.
    Contained(Box<Self>, Vec<Self>),
    /// Subject, pattern, how, whether without regard to case.
    Match(Box<Self>, String, Matching, bool),
    Arithmetic(Operation, Box<Self>, Box<Self>),
    Negative(Box<Self>),
    Cast(Box<Self>, Sort),
    Call(String, Vec<Self>),
    /// `CASE WHEN … THEN … ELSE … END`.
    Case(Vec<(Self, Self)>, Box<Self>),
    /// How many of these conditions hold; none of them is ever NULL.
    Count(Vec<Self>),
    Array(Vec<Self>),
}

impl Expression {
    /// Visits it and all its parts.
    pub(crate) fn visit(&self, visitor: &mut impl FnMut(&Self)) {
        visitor(self);
        match self {
            Self::Column(_) | Self::Constant(..) | Self::Null | Self::Now(_) => {}
            Self::And(parts)
            | Self::Or(parts)
            | Self::Count(parts)
            | Self::Array(parts)
            | Self::Call(_, parts) => parts.iter().for_each(|part| part.visit(visitor)),
            Self::Not(one)
            | Self::IsNull(one)
            | Self::Is(one, _)
            | Self::Negative(one)
            | Self::Cast(one, _)
            | Self::Match(one, ..) => one.visit(visitor),
            Self::Compare(_, a, b) | Self::Distinct(a, b) | Self::Arithmetic(_, a, b) => {
                a.visit(visitor);
                b.visit(visitor);
            }
            Self::In(one, many) | Self::Contained(one, many) => {
                one.visit(visitor);
                many.iter().for_each(|part| part.visit(visitor));
            }
            Self::Case(arms, otherwise) => {
                for (condition, then) in arms {
                    condition.visit(visitor);
                    then.visit(visitor);
                }
                otherwise.visit(visitor);
            }
        }
    }

    /// The same with expressions in the place of columns.
    pub(crate) fn replaced(self, with: &impl Fn(usize) -> Option<Self>) -> Self {
        let one = |inner: Box<Self>| Box::new(inner.replaced(with));
        let many = |parts: Vec<Self>| parts.into_iter().map(|part| part.replaced(with)).collect();
        match self {
            Self::Column(column) => with(column).unwrap_or(self),
            Self::Constant(..) | Self::Null | Self::Now(_) => self,
            Self::And(parts) => Self::And(many(parts)),
            Self::Or(parts) => Self::Or(many(parts)),
            Self::Count(parts) => Self::Count(many(parts)),
            Self::Array(parts) => Self::Array(many(parts)),
            Self::Call(name, parts) => Self::Call(name, many(parts)),
            Self::Not(inner) => Self::Not(one(inner)),
            Self::IsNull(inner) => Self::IsNull(one(inner)),
            Self::Is(inner, held) => Self::Is(one(inner), held),
            Self::Negative(inner) => Self::Negative(one(inner)),
            Self::Cast(inner, sort) => Self::Cast(one(inner), sort),
            Self::Match(inner, pattern, how, insensitive) => {
                Self::Match(one(inner), pattern, how, insensitive)
            }
            Self::Compare(comparison, a, b) => Self::Compare(comparison, one(a), one(b)),
            Self::Distinct(a, b) => Self::Distinct(one(a), one(b)),
            Self::Arithmetic(operation, a, b) => Self::Arithmetic(operation, one(a), one(b)),
            Self::In(inner, parts) => Self::In(one(inner), many(parts)),
            Self::Contained(inner, parts) => Self::Contained(one(inner), many(parts)),
            Self::Case(arms, otherwise) => Self::Case(
                arms.into_iter().map(|(a, b)| (a.replaced(with), b.replaced(with))).collect(),
                one(otherwise),
            ),
        }
    }

    /// The columns it mentions, each once, in order.
    pub(crate) fn columns(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.visit(&mut |part| {
            if let Self::Column(column) = part
                && !found.contains(column)
            {
                found.push(*column);
            }
        });
        found.sort_unstable();
        found
    }
}
