//! From a plan's parameter to the text that is sent: one text in a binding with
//! one row, else an array literal over the rows the step works on.

use seedbed_api::plan::{Argument, Number, Parameter, Rows, Step};
use seedbed_api::{Failure, Kind, Result};

use super::Row;
use super::array::ArrayLiteral;
use super::filled::Filled;
use super::machine::Run;

/// Where the values of one parameter lie.
enum Source<'a> {
    /// The same text for every row.
    Same(Option<&'a str>),
    /// A list, by ordinal of a binding of `rows` rows.
    Each { list: &'a [Option<String>], rows: u32 },
    /// A column of another binding's rows.
    Column { of: &'a Filled, column: usize },
    /// The ordinals themselves.
    Ordinals,
}

impl Source<'_> {
    /// The value for row `ordinal` of `size`; outer `None` where there is none.
    fn at(&self, ordinal: u32, size: u32) -> Option<Option<&str>> {
        let scaled = |rows: u32| {
            // Whole division; the result is below `rows`.
            u64::from(ordinal) * u64::from(rows) / u64::from(size.max(1))
        };
        match self {
            Self::Same(text) => Some(*text),
            Self::Each { list, rows } => {
                let place = usize::try_from(scaled(*rows)).ok()?;
                list.get(place).map(Option::as_deref)
            }
            Self::Column { of, column } => {
                let row: &Row = of.row(u32::try_from(scaled(of.size())).ok()?)?;
                row.get(*column).map(Option::as_deref)
            }
            Self::Ordinals => None,
        }
    }
}

impl Run {
    /// All parameters of a step over `todo`.
    pub(super) fn render(&self, step: &Step, into: usize, todo: &[u32]) -> Result<Row> {
        step.parameters.iter().map(|parameter| self.one(step, parameter, into, todo)).collect()
    }

    fn one(
        &self,
        step: &Step,
        parameter: &Parameter,
        into: usize,
        todo: &[u32],
    ) -> Result<Option<String>> {
        if let Parameter::Number(Number::Rows) = parameter {
            return Ok(Some(todo.len().to_string()));
        }
        let source = self.source(parameter, into)?;
        let size = self.filled[into].size();
        let value = |ordinal| {
            source.at(ordinal, size).ok_or_else(|| {
                let message = format!("step {} has no value for row {ordinal}", step.name);
                match parameter {
                    Parameter::Argument(name) => Failure::new(Kind::Config, message)
                        .hint(format!("pass as many values for {name} as there are rows: {size}")),
                    _ => Failure::new(Kind::Bug, message),
                }
            })
        };
        if self.plan().bindings[into].rows == Rows::One {
            return match source {
                Source::Ordinals => Ok(Some("0".to_owned())),
                _ => Ok(value(0)?.map(str::to_owned)),
            };
        }
        let mut array = ArrayLiteral::of(todo.len());
        for ordinal in todo {
            match source {
                Source::Ordinals => array.push_number(*ordinal),
                _ => array.push(value(*ordinal)?),
            }
        }
        Ok(Some(array.finish()))
    }

    fn source<'a>(&'a self, parameter: &'a Parameter, into: usize) -> Result<Source<'a>> {
        match parameter {
            Parameter::Text(text) => Ok(Source::Same(text.as_deref())),
            Parameter::Argument(name) => match self.arguments().get(name) {
                Some(Argument::Same(text)) => Ok(Source::Same(text.as_deref())),
                Some(Argument::Each(list)) => {
                    Ok(Source::Each { list, rows: self.filled[into].size() })
                }
                None => Err(broken(format!("the call has no argument {name}"))),
            },
            Parameter::Value(binding, column) => {
                let values = self.values.as_ref().and_then(|values| values.0.get(binding));
                let list = values
                    .and_then(|columns| columns.get(column))
                    .ok_or_else(|| broken(format!("no value came for {binding}.{column}")))?;
                let rows = self.filled[self.binding(binding)?].size();
                Ok(Source::Each { list, rows })
            }
            Parameter::Ref(binding, column) => {
                let index = self.binding(binding)?;
                let columns = &self.plan().bindings[index].columns;
                let column = columns
                    .iter()
                    .position(|known| known.name == *column)
                    .ok_or_else(|| broken(format!("{binding} has no column {column}")))?;
                Ok(Source::Column { of: &self.filled[index], column })
            }
            Parameter::Ordinals | Parameter::Number(_) => Ok(Source::Ordinals),
        }
    }
}

/// A plan that contradicts itself.
pub(super) fn broken(why: String) -> Failure {
    Failure::new(Kind::Bug, "the plan cannot be run").because(why)
}
