//! The shape of a call: what is compiled, without the values. Its name is a
//! hash, the same in every process that knows the same schema.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use seedbed_api::plan::{Argument, Call, Plan, Policy};
use seedbed_schema::Schema;
use sha2::{Digest, Sha256};

use crate::graph::Graph;

/// Shapes that are kept. A test suite has some hundreds; where each of its tests
/// has a scope of its own, some thousands.
const KEPT: usize = 4096;

/// What they may take together: a service has some factories.
const KEPT_BYTES: usize = 64 << 20;

/// What is known of a table, roughly.
const NODE_BYTES: usize = 16 << 10;

/// Room for the form of most calls.
const FORM_BYTES: usize = 256;

/// A compiled shape.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) schema: Arc<Schema>,
    pub(crate) graph: Graph,
    pub(crate) plan: Arc<Plan>,
}

/// A call that was read before.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) entry: Arc<Entry>,
    /// Names of the bindings of the call and its children, in their order.
    pub(crate) bindings: Vec<String>,
}

/// What was compiled, by a name; what was not asked for the longest goes first.
#[derive(Debug)]
pub(crate) struct Kept<K, V>(Mutex<Held<K, V>>);

/// Compiled shapes, by name.
pub(crate) type Shapes = Kept<String, Entry>;

/// Calls whose values decide nothing, by [`form`].
pub(crate) type Forms = Kept<Vec<u8>, Read>;

#[derive(Debug)]
struct Held<K, V> {
    entries: HashMap<K, Place<V>>,
    /// Names by when they were asked for last.
    order: BTreeMap<u64, K>,
    /// Counts what is asked.
    asked: u64,
    /// All sizes together.
    bytes: usize,
}

#[derive(Debug)]
struct Place<V> {
    value: Arc<V>,
    last: u64,
    bytes: usize,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        let held = Held { entries: HashMap::new(), order: BTreeMap::new(), asked: 0, bytes: 0 };
        Self(Mutex::new(held))
    }
}

impl<K: Clone + Eq + Hash, V> Kept<K, V> {
    /// What is kept by this name.
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, name: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.asked += 1;
        let Held { entries, order, asked, .. } = &mut *held;
        let place = entries.get_mut(name)?;
        if let Some(name) = order.remove(&place.last) {
            order.insert(*asked, name);
        }
        place.last = *asked;
        Some(Arc::clone(&place.value))
    }

    /// Keeps it; it takes about so many bytes.
    pub(crate) fn put(&self, name: K, value: Arc<V>, bytes: usize) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.asked += 1;
        let last = held.asked;
        if let Some(before) = held.entries.insert(name.clone(), Place { value, last, bytes }) {
            held.order.remove(&before.last);
            held.bytes -= before.bytes;
        }
        held.order.insert(last, name);
        held.bytes += bytes;
        while (held.entries.len() > KEPT || held.bytes > KEPT_BYTES) && held.entries.len() > 1 {
            let Some((_, oldest)) = held.order.pop_first() else { break };
            if let Some(gone) = held.entries.remove(&oldest) {
                held.bytes -= gone.bytes;
            }
        }
    }
}

impl Entry {
    /// About what it takes: its statements, and the tables beside them.
    pub(crate) fn bytes(&self) -> usize {
        let steps = self.plan.steps.iter().chain(&self.plan.evidence);
        steps.map(|step| step.sql.len()).sum::<usize>() + NODE_BYTES * self.graph.nodes.len()
    }
}

/// The name of a call's shape under a schema and settings that `ground` names;
/// `outside` are keys that its rows do not have, for the values that are passed.
pub(crate) fn name(ground: &[u8], call: &Call, outside: &[&str]) -> String {
    let mut said = ground.to_vec();
    describe(call, true, &mut said);
    for key in outside {
        text(key, &mut said);
    }
    let digest: [u8; 32] = Sha256::digest(&said).into();
    let hex: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{hex}", call.table)
}

/// Everything in a call but its values: calls of one form have one shape,
/// unless the values decide.
pub(crate) fn form(call: &Call) -> Vec<u8> {
    let mut said = Vec::with_capacity(FORM_BYTES);
    describe(call, false, &mut said);
    said
}

/// A hash of what compiling depends on beside the call.
pub(crate) fn ground(schema: &Schema, settings: &seedbed_model::Settings) -> Vec<u8> {
    // A schema without maps of other keys than texts always has a form in JSON.
    let mut said = serde_json::to_vec(schema).unwrap_or_default();
    text(&settings.seed, &mut said);
    text(&format!("{:?}", settings.locale), &mut said);
    Sha256::digest(&said).to_vec()
}

fn number(number: usize, said: &mut Vec<u8>) {
    said.extend_from_slice(&(number as u64).to_be_bytes());
}

fn text(text: &str, said: &mut Vec<u8>) {
    number(text.len(), said);
    said.extend_from_slice(text.as_bytes());
}

fn describe(call: &Call, top: bool, said: &mut Vec<u8>) {
    text(&call.table, said);
    number(call.set.len(), said);
    for (name, argument) in &call.set {
        text(name, said);
        let (each, null) = match argument {
            Argument::Same(value) => (0, value.is_none()),
            Argument::Each(values) => (1, values.iter().any(Option::is_none)),
        };
        said.extend([each, u8::from(null)]);
    }
    // How many rows were asked for is no part of it, how many children is.
    match if top { call.count.map(|_| 1) } else { call.count } {
        None => text("None", said),
        Some(count) => text(&format!("Some({count})"), said),
    }
    number(call.key.len(), said);
    for name in &call.key {
        text(name, said);
    }
    said.extend([
        match call.policy {
            Policy::Converge => 0,
            Policy::Keep => 1,
            Policy::Strict => 2,
        },
        u8::from(call.fresh),
    ]);
    text(call.scope.as_deref().unwrap_or("shared"), said);
    number(call.with.len(), said);
    for child in &call.with {
        describe(child, false, said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(value: &str) -> Call {
        let argument = Argument::Same(Some(value.to_owned()));
        Call {
            table: "users".to_owned(),
            set: [("email".to_owned(), argument)].into(),
            ..Call::default()
        }
    }

    #[test]
    fn what_is_asked_for_stays() {
        let kept: Kept<usize, usize> = Kept::default();
        for number in 0..3 * KEPT {
            kept.put(number, Arc::new(number), 1);
            assert_eq!(kept.get(&0).as_deref(), Some(&0), "{number}");
        }
        assert_eq!(kept.get(&1), None);
        assert_eq!(kept.get(&(3 * KEPT - 1)).as_deref(), Some(&(3 * KEPT - 1)));
        kept.put(1, Arc::new(1), KEPT_BYTES - 3);
        assert_eq!(kept.0.lock().unwrap().entries.len(), 4);
        assert_eq!(kept.0.lock().unwrap().order.len(), 4);
    }

    #[test]
    fn values_and_counts_are_no_part_of_a_shape_and_all_else_is() {
        let name = |ground: &[u8], call: &Call| name(ground, call, &[]);
        let base = name(b"", &call("a"));
        assert_eq!(base, name(b"", &call("b")));
        let ten = Call { count: Some(10), ..call("a") };
        assert_eq!(name(b"", &ten), name(b"", &Call { count: Some(11), ..call("a") }));
        let others = [
            name(b"x", &call("a")),
            name(b"", &ten),
            name(b"", &Call { table: "posts".to_owned(), ..call("a") }),
            name(
                b"",
                &Call { set: [("email".to_owned(), Argument::Same(None))].into(), ..call("a") },
            ),
            name(b"", &Call { set: [].into(), ..call("a") }),
            name(b"", &Call { key: vec!["email".to_owned()], ..call("a") }),
            name(b"", &Call { policy: Policy::Keep, ..call("a") }),
            name(b"", &Call { fresh: true, ..call("a") }),
            name(b"", &Call { scope: Some("t".to_owned()), ..call("a") }),
            name(b"", &Call { with: vec![call("a")], ..call("a") }),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(base, *other, "{at}");
        }
        assert_ne!(base, super::name(b"", &call("a"), &["posts.once"]));
    }
}
