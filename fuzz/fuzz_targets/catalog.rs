//! Any text, read as each of what the catalogue has (stored expressions,
//! defaults, lists of keys, partitions' conditions): nothing panics, and what is
//! found stands in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seedbed_db::read_catalog_text;

fuzz_target!(|text: &str| {
    let read = read_catalog_text(text);
    assert!(text.contains(read.bare));
    assert!(read.bare == text || format!("({})", read.bare) == text);
    let mut rest = text;
    for item in &read.items {
        let at = rest.find(item).expect("an item stands in the text, behind the one before");
        rest = &rest[at + item.len()..];
    }
    assert_eq!(read.unnamed, text, "a table without a name keeps its number");
    assert_eq!(read.columns, read.by_item.iter().flatten().copied().collect());
    assert!(read.origins <= text.matches("TARGETENTRY").count());
    assert!(!read.is_surrogate || text.contains('('));
});
