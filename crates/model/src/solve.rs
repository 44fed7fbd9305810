//! Makes one row: chooses an alternative of every condition, fills the columns
//! one after the other within what is left to them, and looks at the result.

use std::collections::BTreeMap;

use seedbed_values::{Cell as Bits, ColumnKey, Datum, Token};

use crate::check::{
    Branch, Demand, Expression, Outcome, Row, Sort, Unknown, holds, narrow, read, value,
};
use crate::column::{Cell, LeftOut};
use crate::condition::Condition;
use crate::guises::chosen;
use crate::recipe::{Draw, Guise, Recipe, Unique};
use crate::row::{Exhausted, Identity, RowRequest};
use crate::table_model::TableModel;

/// A row is drawn so often before its conditions count as not to be met.
const DRAWS: u32 = 96;
/// The same with kinds of value that the conditions may not allow at all.
const DRAWS_AS: u32 = 8;
/// Most values are no longer, in bytes.
const USUAL_LENGTH: usize = 40;
/// Bits of an attempt below those by which conditions are met another way.
const TURNS: u32 = 16;
/// Alternatives are combined so often.
const STEPS: u32 = 4_000;

impl TableModel {
    /// The values of the columns `wanted`, and of no others. A condition may
    /// leave one of them NULL.
    ///
    /// # Errors
    /// No row meets the conditions with these fixed values.
    pub fn row(
        &self,
        request: &RowRequest<'_>,
    ) -> Result<BTreeMap<String, Option<String>>, Exhausted> {
        self.row_as(request, &[])
    }

    /// The same with other kinds of value: of each group ([`Self::groups`])
    /// one of its [`crate::Group::guises`] combinations, 0 being the usual one.
    ///
    /// # Errors
    /// See [`Self::row`]; also where a type, a length or an understood condition
    /// leaves no value of that kind.
    pub fn row_as(
        &self,
        request: &RowRequest<'_>,
        guises: &[u32],
    ) -> Result<BTreeMap<String, Option<String>>, Exhausted> {
        let made = self.columns_as(request, guises)?;
        Ok(made.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The same as a list in the table's order, for whoever makes many rows.
    ///
    /// # Errors
    /// See [`Self::row_as`].
    pub fn columns_as(
        &self,
        request: &RowRequest<'_>,
        guises: &[u32],
    ) -> Result<Vec<(&str, Option<String>)>, Exhausted> {
        let start = self.start(request)?;
        let guises = chosen(&self.groups, &self.cells, guises);
        let draws = if guises.is_empty() { DRAWS } else { DRAWS_AS };
        let open: Vec<&Condition> =
            self.conditions.iter().filter(|condition| start.concerns(condition)).collect();
        let solving = |draw, row| Solving {
            model: self,
            request,
            name: name(request),
            known: None,
            guises: &guises,
            draw,
            row,
            demands: BTreeMap::new(),
            pending: Vec::new(),
            steps: 0,
        };
        for draw in 1..draws {
            if open.is_empty() {
                break;
            }
            let mut solving = solving(draw - 1, start.clone());
            if solving.run(&open).is_ok() {
                return Ok(solving.row.into_values());
            }
        }
        let mut solving = solving(if open.is_empty() { 0 } else { draws - 1 }, start);
        solving.run(&open)?;
        Ok(solving.row.into_values())
    }

    /// The row before anything is drawn.
    fn start(&self, request: &RowRequest<'_>) -> Result<Partial<'_>, Exhausted> {
        let mut states = Vec::with_capacity(self.cells.len());
        // Mostly they come in the table's order.
        let mut next = request.wanted.iter().peekable();
        for cell in &self.cells {
            let is_next = next.next_if(|name| **name == cell.name).is_some();
            states.push(if let Some(fixed) = request.fixed.get(&cell.name) {
                State::Given(match fixed {
                    Some(text) => read(text, &cell.sort).map(Some).ok_or(Unknown),
                    None => Ok(None),
                })
            } else if is_next || request.wanted.contains(&cell.name) {
                if let Err(impossible) = &cell.recipe {
                    return Err(Exhausted::of_column(&cell.name, &impossible.0));
                }
                State::Open
            } else {
                State::LeftOut
            });
        }
        Ok(Partial { cells: &self.cells, states })
    }
}

/// How far a column's value is decided.
#[derive(Clone, Debug)]
enum State {
    /// It is to be made.
    Open,
    /// It was passed, or comes from a parent.
    Given(Outcome),
    /// Nobody gives it.
    LeftOut,
    /// It was made; read only where a condition asks for it.
    Made(Option<String>),
}

/// A row in the making.
#[derive(Clone)]
struct Partial<'a> {
    cells: &'a [Cell],
    states: Vec<State>,
}

impl<'a> Partial<'a> {
    fn is_open(&self, column: usize) -> bool {
        matches!(self.states[column], State::Open)
    }

    fn open_columns(&self, atom: &Expression) -> Vec<usize> {
        atom.columns().into_iter().filter(|column| self.is_open(*column)).collect()
    }

    /// Whether there is anything to solve in a condition.
    fn concerns(&self, condition: &Condition) -> bool {
        let is_open =
            |column: &usize| self.is_open(*column) || self.cells[*column].generated.is_some();
        !condition.settled && condition.columns.iter().any(is_open)
    }

    fn into_values(self) -> Vec<(&'a str, Option<String>)> {
        let cells = self.cells.iter().zip(self.states);
        let made = cells.filter_map(|(cell, state)| match state {
            State::Made(text) => Some((cell.name.as_str(), text)),
            _ => None,
        });
        made.collect()
    }
}

impl Row for Partial<'_> {
    fn value(&self, column: usize) -> Outcome {
        match &self.states[column] {
            State::Open => Err(Unknown),
            State::Given(value) => value.clone(),
            State::Made(None) => Ok(None),
            State::Made(Some(text)) => {
                read(text, &self.cells[column].sort).map(Some).ok_or(Unknown)
            }
            State::LeftOut => match (&self.cells[column].generated, &self.cells[column].left_out) {
                (Some(expression), _) => value(expression, self),
                (None, LeftOut::Null) => Ok(None),
                (None, LeftOut::Constant(value)) => Ok(Some(value.clone())),
                (None, LeftOut::Now | LeftOut::Unknown) => Err(Unknown),
            },
        }
    }

    fn sort(&self, column: usize) -> &Sort {
        &self.cells[column].sort
    }

    fn is_now(&self, column: usize) -> bool {
        matches!(self.states[column], State::LeftOut) && self.cells[column].left_out == LeftOut::Now
    }
}

struct Solving<'a, 'r> {
    model: &'a TableModel,
    request: &'r RowRequest<'r>,
    /// What an ordinal enters the bits as.
    name: Option<Datum>,
    /// The bits of the key they were asked of last: columns of one person or
    /// address share them.
    known: Option<(&'a ColumnKey, Bits)>,
    /// The kinds of the columns; none if all are the usual ones.
    guises: &'r [Option<Guise>],
    /// How often the row was drawn before.
    draw: u32,
    row: Partial<'a>,
    /// Where they are more than the column's own.
    demands: BTreeMap<usize, Demand>,
    /// Atoms that wait for other columns.
    pending: Vec<&'a Expression>,
    steps: u32,
}

impl<'a> Solving<'a, '_> {
    fn run(&mut self, open: &[&'a Condition]) -> Result<(), Exhausted> {
        // One alternative first, so that what it decides steers the others.
        let mut order: Vec<&'a Condition> = open.to_vec();
        order.sort_by_key(|condition| condition.branches.len());
        if !self.choose(&order) {
            let why = "no value meets it together with the others";
            return Err(order.last().map_or_else(
                || Exhausted::of_row("no row meets the conditions"),
                |condition| self.unmet(condition, why),
            ));
        }
        self.make_room();
        for column in self.order() {
            self.fill(column)?;
        }
        for condition in open {
            if holds(&condition.expression, &self.row) == Ok(Some(false)) {
                return Err(self.unmet(condition, "no value was found that meets it"));
            }
        }
        Ok(())
    }

    /// Bounded columns first: the others can give way.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> =
            (0..self.row.states.len()).filter(|column| self.row.is_open(*column)).collect();
        if !self.pending.is_empty() {
            order.sort_by_key(|column| {
                let demand = self.demand(*column);
                (demand.choices.is_none(), demand.high.is_none() || demand.low.is_none())
            });
        }
        order
    }

    fn demand(&self, column: usize) -> &Demand {
        self.demands.get(&column).unwrap_or(&self.model.cells[column].demand)
    }

    /// Takes one alternative of each condition; false if no combination is seen
    /// to be possible.
    fn choose(&mut self, conditions: &[&'a Condition]) -> bool {
        let Some((first, rest)) = conditions.split_first() else { return true };
        self.steps += 1;
        if self.steps > STEPS {
            return false;
        }
        let mut order: Vec<usize> = (0..first.branches.len()).collect();
        // Other draws begin elsewhere; NULL in a wanted column comes last.
        let turn = self.draw.wrapping_add(self.request.attempt >> TURNS);
        order.rotate_left(turn as usize % first.branches.len().max(1));
        order.sort_by_key(|at| self.unusual(&first.branches[*at]));
        for at in order {
            let (demands, pending) = (self.demands.clone(), self.pending.len());
            let taken = first.branches[at].iter().all(|atom| self.take(atom));
            if taken && self.choose(rest) {
                return true;
            }
            self.demands = demands;
            self.pending.truncate(pending);
        }
        false
    }

    /// How many columns an alternative leaves NULL that need not be, and fills
    /// that may be.
    fn unusual(&self, branch: &Branch) -> usize {
        let is = |inner: &Expression, optional: bool| match inner {
            Expression::Column(column) => {
                self.row.is_open(*column) && self.model.cells[*column].optional == optional
            }
            _ => false,
        };
        let atoms = branch.iter().filter(|atom| match atom {
            Expression::IsNull(inner) => is(inner, false),
            Expression::Not(inner) => match &**inner {
                Expression::IsNull(inner) => is(inner, true),
                _ => false,
            },
            _ => false,
        });
        atoms.count()
    }

    /// Whether a column stays NULL: what may does, as long as rows are found.
    fn is_null(&self, column: usize, demand: &Demand) -> bool {
        let cell = &self.model.cells[column];
        match demand.null {
            Some(null) => null,
            None if cell.optional => {
                let judged =
                    self.model.judged.iter().any(|check| check.columns.contains(&cell.name));
                let turn = self.draw + if judged { self.request.attempt } else { 0 };
                turn.is_multiple_of(2)
            }
            None => false,
        }
    }

    /// Adds what an atom asks; false if it cannot be met.
    fn take(&mut self, atom: &'a Expression) -> bool {
        match self.row.open_columns(atom).as_slice() {
            [] => holds(atom, &self.row) != Ok(Some(false)),
            [column] => self.narrow(*column, atom),
            _ => {
                self.pending.push(atom);
                true
            }
        }
    }

    /// False if nothing is left to the column. What is not understood is found
    /// by drawing again.
    fn narrow(&mut self, column: usize, atom: &Expression) -> bool {
        let mut demand = self.demand(column).clone();
        if demand.null == Some(true) && !matches!(atom, Expression::Not(_) | Expression::Is(..)) {
            return true;
        }
        narrow(atom, column, &self.row, &mut demand);
        let possible = !demand.is_impossible();
        self.demands.insert(column, demand);
        possible
    }

    fn fill(&mut self, column: usize) -> Result<(), Exhausted> {
        let pending = if self.pending.is_empty() { Vec::new() } else { self.pending.clone() };
        for atom in pending {
            let open = self.row.open_columns(atom);
            let possible = match open.as_slice() {
                [one] if *one == column => self.narrow(column, atom),
                [a, b] if *a == column || *b == column => {
                    self.leave_room(column, if *a == column { *b } else { *a }, atom);
                    true
                }
                _ => true,
            };
            if !possible {
                return Err(self.exhausted(column, "nothing is left between its conditions"));
            }
        }
        let bits = self.bits(column);
        let demand = self.demand(column);
        let state = if self.is_null(column, demand) {
            State::Made(None)
        } else {
            State::Made(Some(self.write(column, bits, demand)?))
        };
        self.row.states[column] = state;
        Ok(())
    }

    /// Carries bounds from column to column before the first is filled: with
    /// `a < b`, `b < c` and `c <= 100`, `a` is below 100.
    fn make_room(&mut self) {
        // As far as a chain of columns is long.
        for _ in 0..self.pending.len() {
            let mut moved = false;
            for atom in self.pending.clone() {
                if let [a, b] = self.row.open_columns(atom).as_slice() {
                    moved |= self.leave_room(*a, *b, atom);
                    moved |= self.leave_room(*b, *a, atom);
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Keeps the bounds of a column that is filled later reachable; true if
    /// that took something from this one.
    fn leave_room(&mut self, column: usize, later: usize, atom: &Expression) -> bool {
        let mut changed = false;
        let (low, high) = {
            let demand = self.demand(later);
            (demand.low.clone(), demand.high.clone())
        };
        for (bound, is_high) in [(high, true), (low, false)] {
            let Some(bound) = bound else { continue };
            self.row.states[later] = State::Given(Ok(Some(bound.value)));
            let mut demand = self.demand(column).clone();
            let before = (demand.low.clone(), demand.high.clone());
            narrow(atom, column, &self.row, &mut demand);
            self.row.states[later] = State::Open;
            let moved = if is_high { demand.high != before.1 } else { demand.low != before.0 };
            let other_side = if is_high { demand.low != before.0 } else { demand.high != before.1 };
            if moved && !other_side && !demand.is_impossible() {
                self.demands.insert(column, demand);
                changed = true;
            }
        }
        changed
    }

    fn write(&self, column: usize, bits: Bits, demand: &Demand) -> Result<String, Exhausted> {
        let cell = &self.model.cells[column];
        let recipe: &Recipe = match &cell.recipe {
            Ok(recipe) => recipe,
            Err(impossible) => return Err(self.exhausted(column, &impossible.0)),
        };
        let attempt = self.request.attempt.wrapping_mul(DRAWS).wrapping_add(self.draw);
        let unique = cell.unique.map(|divisor| {
            let place = place(self.request, cell);
            let divisor = divisor.max(1);
            let next = u64::from(self.request.attempt) + u64::from(self.draw);
            let mark = place.wrapping_add(u64::from(attempt) << 40);
            Unique {
                place: place.wrapping_add(next) / divisor,
                start: place / divisor,
                next,
                token: Token::new(mark),
                key: &cell.own_key,
            }
        });
        let mut draw = Draw {
            stream: bits.attempt(attempt),
            locale: self.model.settings.locale,
            unique,
            first: attempt == 0,
        };
        let mut text = String::with_capacity(USUAL_LENGTH);
        match self.guises.get(column).copied().flatten() {
            Some(guise) => recipe.write_as(&guise, &mut draw, demand, &mut text),
            None => recipe.write(&mut draw, demand, &mut text),
        }
        .map_err(|_| self.exhausted(column, "no value of its type meets its conditions"))?;
        Ok(text)
    }

    /// A column has no value; what conditions say of it is told.
    fn exhausted(&self, column: usize, why: &str) -> Exhausted {
        let name = &self.model.cells[column].name;
        let concerned = self.model.conditions.iter().find(|one| one.columns.contains(&column));
        concerned.map_or_else(
            || Exhausted::of_column(name, why),
            |condition| {
                let mut told = self.unmet(condition, why);
                told.column = Some(name.clone());
                if !told.columns.contains(name) {
                    told.columns.push(name.clone());
                }
                told
            },
        )
    }

    fn unmet(&self, condition: &Condition, why: &str) -> Exhausted {
        let cells = &self.model.cells;
        // Those that were made, so that passing them is a way out.
        let is_made =
            |column: &&usize| matches!(self.row.states[**column], State::Open | State::Made(_));
        let made = condition.columns.iter().filter(is_made);
        Exhausted {
            column: None,
            check: Some(condition.name.clone()),
            expression: Some(condition.text.clone()),
            columns: made.map(|column| cells[*column].name.clone()).collect(),
            why: why.to_owned(),
        }
    }

    /// The bits of a column's cell.
    fn bits(&mut self, column: usize) -> Bits {
        let key = &self.model.cells[column].key;
        if let Some((known, bits)) = &self.known
            && *known == key
        {
            return *bits;
        }
        let bits = match (self.request.identity, &self.name) {
            (Identity::Keyed([]), _) => Bits::seeded(key, self.request.ordinal),
            (Identity::Keyed(data), _) => Bits::keyed(key, data),
            (Identity::Ordinal { .. }, name) => Bits::keyed(key, name.as_slice()),
        };
        self.known = Some((key, bits));
        bits
    }
}

/// An ordinal enters the bits as a list, which no natural key is: row 0 of a
/// scope is not the row with the key 0.
fn name(request: &RowRequest<'_>) -> Option<Datum> {
    match request.identity {
        Identity::Keyed(_) => None,
        Identity::Ordinal { scope, ordinal } => {
            Some(Datum::List(vec![Datum::text(scope), Datum::Integer(i128::from(ordinal))]))
        }
    }
}

/// Where a row stands among all others: ordinals of the shared scope count from
/// 0, every other identity is spread by its hash.
fn place(request: &RowRequest<'_>, cell: &Cell) -> u64 {
    match request.identity {
        Identity::Keyed([]) => request.ordinal,
        Identity::Keyed(key) => Bits::keyed(&cell.own_key, key).ordinal(),
        Identity::Ordinal { scope: "shared", ordinal } => ordinal,
        Identity::Ordinal { scope, ordinal } => {
            let start = Bits::keyed(&cell.own_key, &[Datum::text(scope)]).ordinal();
            start.wrapping_add(ordinal)
        }
    }
}
