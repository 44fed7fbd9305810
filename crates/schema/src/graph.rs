//! The graph of foreign keys: which table needs which, in what order rows can
//! come, and where that goes in circles.

use std::collections::BTreeMap;

use crate::{Schema, TableName};

/// Foreign keys between tables; an edge goes from a child to its parent.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    order: Vec<Component>,
    component: BTreeMap<TableName, usize>,
}

/// Tables that need each other, directly or in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// By name; one that refers to nobody or itself stands alone.
    pub tables: Vec<TableName>,
    /// Whether there is a circle, of one table or of several.
    pub circular: bool,
}

impl Graph {
    /// Builds the graph of all foreign keys.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let names: Vec<&TableName> = schema.tables.values().map(|table| &table.name).collect();
        let index: BTreeMap<&TableName, usize> =
            names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let edges: Vec<Vec<usize>> = schema
            .tables
            .values()
            .map(|table| {
                let parents = table.foreign_keys.iter().filter_map(|key| index.get(&key.parent));
                let mut parents: Vec<usize> = parents.copied().collect();
                parents.sort_unstable();
                parents.dedup();
                parents
            })
            .collect();
        let mut order = Vec::new();
        let mut component = BTreeMap::new();
        for members in Tarjan::run(&edges) {
            let circular = members.len() > 1 || edges[members[0]].contains(&members[0]);
            for member in &members {
                component.insert(names[*member].clone(), order.len());
            }
            let tables = members.iter().map(|member| names[*member].clone()).collect();
            order.push(Component { tables, circular });
        }
        Self { order, component }
    }

    /// Components, parents before children.
    #[must_use]
    pub fn order(&self) -> &[Component] {
        &self.order
    }

    /// Place of a table's component in [`Graph::order`].
    #[must_use]
    pub fn rank(&self, table: &TableName) -> Option<usize> {
        self.component.get(table).copied()
    }

    /// Whether two tables are in one circle.
    #[must_use]
    pub fn in_one_circle(&self, a: &TableName, b: &TableName) -> bool {
        match (self.rank(a), self.rank(b)) {
            (Some(a), Some(b)) => a == b && self.order[a].circular,
            _ => false,
        }
    }
}

/// Tarjan's strongly connected components (1972), without recursion: a chain of
/// tables may be longer than the stack is deep.
struct Tarjan<'a> {
    edges: &'a [Vec<usize>],
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
    found: Vec<Vec<usize>>,
}

impl<'a> Tarjan<'a> {
    fn run(edges: &'a [Vec<usize>]) -> Vec<Vec<usize>> {
        let count = edges.len();
        let mut it = Self {
            edges,
            index: vec![None; count],
            low: vec![0; count],
            on_stack: vec![false; count],
            stack: Vec::new(),
            next: 0,
            found: Vec::new(),
        };
        for node in 0..count {
            if it.index[node].is_none() {
                it.visit(node);
            }
        }
        it.found
    }

    fn enter(&mut self, node: usize) {
        self.index[node] = Some(self.next);
        self.low[node] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
    }

    fn visit(&mut self, root: usize) {
        self.enter(root);
        let mut path = vec![(root, 0)];
        while let Some((node, edge)) = path.pop() {
            if let Some(&next) = self.edges[node].get(edge) {
                path.push((node, edge + 1));
                match self.index[next] {
                    None => {
                        self.enter(next);
                        path.push((next, 0));
                    }
                    Some(index) if self.on_stack[next] => {
                        self.low[node] = self.low[node].min(index);
                    }
                    Some(_) => {}
                }
                continue;
            }
            if let Some((parent, _)) = path.last() {
                self.low[*parent] = self.low[*parent].min(self.low[node]);
            }
            if Some(self.low[node]) == self.index[node] {
                let at = self.stack.iter().rposition(|member| *member == node).unwrap_or(0);
                let mut members = self.stack.split_off(at);
                for member in &members {
                    self.on_stack[*member] = false;
                }
                members.sort_unstable();
                self.found.push(members);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parents_come_first_and_circles_are_found() {
        // 0 -> 1 -> 2 -> 1, 3 -> 3, 4 alone
        let edges = vec![vec![1], vec![2], vec![1], vec![3], vec![]];
        let found = Tarjan::run(&edges);
        assert_eq!(found, vec![vec![1, 2], vec![0], vec![3], vec![4]]);
    }

    #[test]
    fn a_long_chain_does_not_end_the_stack() {
        let edges: Vec<Vec<usize>> =
            (0..200_000).map(|at| if at == 0 { vec![] } else { vec![at - 1] }).collect();
        assert_eq!(Tarjan::run(&edges).len(), 200_000);
    }

    proptest! {
        #[test]
        fn every_edge_goes_back_or_stays(
            edges in prop::collection::vec(prop::collection::vec(0_usize..12, 0..4), 12)
        ) {
            let found = Tarjan::run(&edges);
            let rank: Vec<usize> = (0..12)
                .map(|node| found.iter().position(|members| members.contains(&node)).unwrap())
                .collect();
            prop_assert_eq!(found.iter().map(Vec::len).sum::<usize>(), 12);
            for (node, parents) in edges.iter().enumerate() {
                for parent in parents {
                    prop_assert!(rank[*parent] <= rank[node]);
                }
            }
        }
    }
}
