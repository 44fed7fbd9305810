//! Which columns the conditions that only the server judges depend on, and the
//! combinations of kinds of value to show it when the usual ones are refused.

use std::collections::BTreeSet;

use seedbed_schema::{Check, Table};

use crate::check::{Token, words};
use crate::column::Cell;
use crate::recipe::Guise;

/// Combinations of kinds that are tried for one group at most.
const COMBINATIONS: u64 = 8_000;

/// Judged conditions that share columns, and the columns whose kind of value
/// may have to be another one for them.
#[derive(Clone, Debug)]
pub struct Group {
    /// Indices into [`crate::TableModel::judged`].
    pub judged: Vec<usize>,
    /// The columns and how many kinds each has, the usual one among them.
    columns: Vec<(usize, u64)>,
}

impl Group {
    /// How many combinations of kinds there are, at least 2; 0 is the usual
    /// one. Next come those with every column of another kind, then those of
    /// two columns each, the common kinds before the rare ones.
    #[must_use]
    pub fn guises(&self) -> u32 {
        let most = self.most();
        let more = most.saturating_mul(most).saturating_mul(self.pairs());
        u32::try_from(most.saturating_add(more).min(COMBINATIONS)).unwrap_or(u32::MAX)
    }

    /// The kinds of the column that has the most.
    fn most(&self) -> u64 {
        self.columns.iter().map(|(_, kinds)| *kinds).max().unwrap_or(1)
    }

    fn pairs(&self) -> u64 {
        let count = self.columns.len() as u64;
        count * count.saturating_sub(1) / 2
    }

    /// The kind of each column in a combination, 0 being the usual one.
    fn kinds(&self, guise: u32) -> Vec<(usize, u64)> {
        let guise = u64::from(guise);
        let mut chosen: Vec<(usize, u64)> = self.columns.iter().map(|(at, _)| (*at, 0)).collect();
        let Some(rest) = guise.checked_sub(self.most()) else {
            for ((_, kind), (_, kinds)) in chosen.iter_mut().zip(&self.columns) {
                *kind = if guise == 0 { 0 } else { 1 + (guise - 1) % (kinds - 1) };
            }
            return chosen;
        };
        let pairs = self.pairs().max(1);
        // Squares around 0, 0, each beyond the one before.
        let number = rest / pairs;
        let side = number.isqrt();
        let along = number - side * side;
        let kinds = if along <= side { (side, along) } else { (along - side - 1, side) };
        let mut of_pairs = (0..chosen.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let pair = usize::try_from(rest % pairs).unwrap_or(0);
        if let Some((a, b)) = of_pairs.nth(pair) {
            chosen[a].1 = kinds.0 % self.columns[a].1;
            chosen[b].1 = kinds.1 % self.columns[b].1;
        }
        chosen
    }
}

/// The groups of a table, in the order of their conditions.
pub(crate) fn groups(table: &Table, cells: &[Cell], judged: &[Check]) -> Vec<Group> {
    let mut groups: Vec<(Vec<usize>, BTreeSet<usize>)> = Vec::new();
    for (number, check) in judged.iter().enumerate() {
        let mut columns = origins(table, check);
        columns.retain(|at| kinds(&cells[*at]) > 1);
        if columns.is_empty() {
            continue;
        }
        let mut joined = (vec![number], columns);
        groups.retain(|(checks, held)| {
            let apart = held.is_disjoint(&joined.1);
            if !apart {
                joined.0.extend(checks);
                joined.1.extend(held);
            }
            apart
        });
        joined.0.sort_unstable();
        groups.push(joined);
    }
    groups.sort();
    let group = |(judged, columns): (Vec<usize>, BTreeSet<usize>)| Group {
        judged,
        columns: columns.into_iter().map(|at| (at, kinds(&cells[at]))).collect(),
    };
    groups.into_iter().map(group).collect()
}

/// How many kinds of value a column has.
fn kinds(cell: &Cell) -> u64 {
    1 + cell.recipe.as_ref().map_or(0, |recipe| recipe.guises().len() as u64)
}

/// The columns a condition depends on, those behind generated ones included.
pub(crate) fn origins(table: &Table, check: &Check) -> BTreeSet<usize> {
    let index = |name: &str| table.columns.iter().position(|column| column.name == name);
    let mut found = BTreeSet::new();
    for at in check.columns.iter().filter_map(|name| index(name)) {
        match &table.columns[at].generated {
            Some(how) => found.extend(mentioned(table, &how.expression)),
            None => drop(found.insert(at)),
        }
    }
    found
}

/// The columns whose names an expression of the catalogue has.
pub(crate) fn mentioned(table: &Table, expression: &str) -> Vec<usize> {
    let names: BTreeSet<String> = words(expression)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|placed| match placed.token {
            Token::Word(name) | Token::Quoted(name) => Some(name),
            _ => None,
        })
        .collect();
    let of_table = table.columns.iter().enumerate();
    of_table.filter(|(_, column)| names.contains(&column.name)).map(|(at, _)| at).collect()
}

/// The kind of each column for a combination of each group; the usual ones
/// where there are fewer numbers than groups.
pub(crate) fn chosen(groups: &[Group], cells: &[Cell], guises: &[u32]) -> Vec<Option<Guise>> {
    if guises.iter().all(|guise| *guise == 0) {
        return Vec::new();
    }
    let mut chosen = vec![None; cells.len()];
    for (group, guise) in groups.iter().zip(guises) {
        for (column, kind) in group.kinds(*guise) {
            let recipe = cells[column].recipe.as_ref().ok();
            chosen[column] = kind
                .checked_sub(1)
                .and_then(|at| recipe?.guises().get(usize::try_from(at).ok()?).copied());
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_two_comes_after_the_diagonal() {
        let group = |columns: &[(usize, u64)]| Group { judged: vec![0], columns: columns.to_vec() };
        let all = |group: &Group| -> Vec<Vec<u64>> {
            let kinds = |guise| group.kinds(guise).into_iter().map(|(_, kind)| kind).collect();
            (0..group.guises()).map(kinds).collect()
        };
        let two = all(&group(&[(3, 3), (5, 4)]));
        assert_eq!(two[..4], [[0, 0], [1, 1], [2, 2], [1, 3]]);
        assert_eq!(two[4..9], [[0, 0], [1, 0], [1, 1], [0, 1], [2, 0]]);
        assert_eq!(two[4..].iter().collect::<BTreeSet<_>>().len(), 12);
        assert!(two.iter().all(|kinds| kinds[0] < 3 && kinds[1] < 4));
        let three = all(&group(&[(0, 2), (1, 2), (2, 2)]));
        for pair in [[1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 1, 0]] {
            assert!(three.contains(&pair.to_vec()), "{pair:?}");
        }
        assert_eq!(all(&group(&[(3, 3)])), [[0], [1], [2]]);
    }
}
