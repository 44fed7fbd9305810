//! Any bytes, read as a migration, a dump and a seed: nothing panics, and
//! every statement stands in the text, in order, at the line it claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seedbed_recipe::{Action, Fingerprint, Recipe, SourceFile};

fuzz_target!(|bytes: &[u8]| {
    let base = Fingerprint::of("fuzz", &[]);
    let source = SourceFile::new("m/1.sql", bytes);
    let recipes = [
        Recipe::migrations("m", vec![source.clone()], None, base),
        Recipe::dump(source.clone(), base),
        Recipe::empty(base).with_seeds(vec![source.clone()]),
    ];
    for layer in recipes.into_iter().flatten().flat_map(|recipe| recipe.layers) {
        let Ok(Action::Script(script)) = layer.action() else { continue };
        let text = source.text().expect("a file that was split is text");
        let mut from = 0;
        for statement in script.statements {
            let length =
                text[from..].find(&statement.text).expect("a statement stands in its text");
            let at = from + length;
            let line = 1 + text[..at].matches('\n').count();
            assert!(line <= statement.line as usize, "found no later than it claims");
            from = at + statement.text.len();
        }
    }
});
