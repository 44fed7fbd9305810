//! What every test does around its own part.

use crate::lease::Lease;
use crate::picture;

/// Rows in every table.
const FILL: &str = include_str!("fill.sql");

/// Checks that the database is as the template, fills it, marks it, and plays `part` twice, with a
/// rewind between. `part` commits what it likes and tells what came of it: ids, counts, refusals.
pub fn play(part: impl Fn(&mut Lease) -> String) {
    let mut database = Lease::acquire();
    picture::check_template(&mut database.one);
    database.one.batch_execute(FILL).unwrap();
    let filled = picture::take(&mut database.two);
    let mark = database.mark();

    let first = part(&mut database);
    let said = database.rewind(&mark);
    assert_eq!(said["marks_lost"], false, "{said}");
    let again = picture::take(&mut database.one);
    for (name, state) in &filled {
        assert_eq!(again.get(name), Some(state), "{name} is not as it was marked: {said}");
    }
    assert_eq!(again.len(), filled.len(), "{said}");

    let second = part(&mut database);
    assert_eq!(first, second, "the second time is not as the first: {said}");
    // Left like this at the end, with a transaction open: the next lease must not see it.
    database.two.batch_execute("BEGIN; INSERT INTO currencies VALUES ('XXX', 'Open', 0)").unwrap();
}
