//! The shape of a call: what is compiled, without the values. Its name is a
//! hash, the same in every process that knows the same schema.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use seedbed_api::plan::{Argument, Call, Plan, Policy};
use seedbed_schema::Schema;
use sha2::{Digest, Sha256};

use crate::graph::Graph;

/// Shapes that are kept. A test suite has some hundreds.
const KEPT: usize = 1024;

/// A compiled shape.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) schema: Arc<Schema>,
    pub(crate) graph: Graph,
    pub(crate) plan: Arc<Plan>,
}

/// Compiled shapes by name; the oldest goes first.
#[derive(Debug, Default)]
pub(crate) struct Shapes(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<String, Arc<Entry>>,
    order: VecDeque<String>,
}

impl Shapes {
    /// The shape of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Entry>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries.get(name).map(Arc::clone)
    }

    /// Keeps a shape.
    pub(crate) fn put(&self, name: &str, entry: Arc<Entry>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.entries.insert(name.to_owned(), entry).is_none() {
            kept.order.push_back(name.to_owned());
        }
        if kept.order.len() > KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.entries.remove(&oldest);
        }
    }
}

/// The name of a call's shape under a schema and settings that `ground` names;
/// `outside` are keys that its rows do not have, for the values that are passed.
pub(crate) fn name(ground: &[u8], call: &Call, outside: &[&str]) -> String {
    let mut hash = Sha256::new();
    hash.update(ground);
    describe(call, true, &mut hash);
    for key in outside {
        text(key, &mut hash);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let hex: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{hex}", call.table)
}

/// A hash of what compiling depends on beside the call.
pub(crate) fn ground(schema: &Schema, settings: &seedbed_model::Settings) -> Vec<u8> {
    let mut hash = Sha256::new();
    // A schema without maps of other keys than texts always has a form in JSON.
    hash.update(serde_json::to_vec(schema).unwrap_or_default());
    text(&settings.seed, &mut hash);
    text(&format!("{:?}", settings.locale), &mut hash);
    hash.finalize().to_vec()
}

fn text(text: &str, hash: &mut Sha256) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}

fn describe(call: &Call, top: bool, hash: &mut Sha256) {
    text(&call.table, hash);
    hash.update((call.set.len() as u64).to_be_bytes());
    for (name, argument) in &call.set {
        text(name, hash);
        let (each, null) = match argument {
            Argument::Same(value) => (0, value.is_none()),
            Argument::Each(values) => (1, values.iter().any(Option::is_none)),
        };
        hash.update([each, u8::from(null)]);
    }
    // How many rows were asked for is no part of it, how many children is.
    let count = if top { call.count.map(|_| 1) } else { call.count };
    text(&format!("{count:?}"), hash);
    hash.update((call.key.len() as u64).to_be_bytes());
    for name in &call.key {
        text(name, hash);
    }
    hash.update([
        match call.policy {
            Policy::Converge => 0,
            Policy::Keep => 1,
            Policy::Strict => 2,
        },
        u8::from(call.fresh),
    ]);
    text(call.scope.as_deref().unwrap_or("shared"), hash);
    hash.update((call.with.len() as u64).to_be_bytes());
    for child in &call.with {
        describe(child, false, hash);
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
