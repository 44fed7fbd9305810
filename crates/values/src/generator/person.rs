//! People. Draws: 1 woman or man and which of the country's forms of a name
//! (`below(2 · forms)`: even is a woman, the half is the form), 2 given name,
//! 3 two family names (`below(names²)`: quotient and remainder; the second is
//! used where the form has two), 4 the handle (`below(800)`: style and
//! number). Full, given and family name, username and e-mail of one cell begin
//! with these, so they are one person's.

use super::pen::Pen;
use crate::dictionary::{Format, List};

/// Somebody: indices into the lists of the locale.
pub(super) struct Person {
    form: &'static str,
    given_list: List,
    given: usize,
    families: [usize; 2],
}

impl Person {
    pub(super) fn draw(pen: &mut Pen<'_>) -> Self {
        let forms = pen.words.formats(Format::FullName);
        let first = pen.stream.index(2 * forms.len());
        let given_list = [List::GivenFemale, List::GivenMale][first % 2];
        let given = pen.stream.index(pen.words.list(given_list).len());
        let families = pen.words.list(List::Family).len().max(1);
        let pair = pen.stream.index(families * families);
        Self {
            form: forms.get(first / 2).copied().unwrap_or_default(),
            given_list,
            given,
            families: [pair / families, pair % families],
        }
    }

    /// Appends the name somebody goes by on the net, in ASCII.
    pub(super) fn write_handle(&self, pen: &mut Pen<'_>) {
        let handle = pen.stream.below(800);
        let (style, number) = (handle / 100, handle % 100);
        let words = pen.words;
        let spelled = |list, index: usize| words.ascii(list).get(index).map_or("", |name| &**name);
        let given = spelled(self.given_list, self.given);
        let family = spelled(List::Family, self.families[0]);
        match style {
            4 => pen.out.extend([given.get(..1).unwrap_or_default(), family]),
            5 => pen.out.extend([given, "_", family]),
            7 => pen.out.push_str(given),
            _ => pen.out.extend([given, ".", family]),
        }
        if style >= 6 {
            pen.number(number, 1);
        }
    }
}

pub(super) fn full_name(pen: &mut Pen<'_>) {
    let person = Person::draw(pen);
    let mut families = person.families.into_iter();
    pen.template(person.form, |pen, part| match part {
        "given" => pen.nth(person.given_list, person.given),
        _ => pen.nth(List::Family, families.next().unwrap_or_default()),
    });
}

pub(super) fn given_name(pen: &mut Pen<'_>) {
    let person = Person::draw(pen);
    pen.nth(person.given_list, person.given);
}

/// All that the full name has of family names: two of them in Spain.
pub(super) fn family_name(pen: &mut Pen<'_>) {
    let person = Person::draw(pen);
    let [first, second] = person.families;
    pen.nth(List::Family, first);
    if person.form.matches("{family}").count() > 1 {
        pen.out.push(' ');
        pen.nth(List::Family, second);
    }
}
