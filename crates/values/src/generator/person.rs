//! People. Draws: 1 woman or man (`below(2)`, 0 is a woman), 2 given name,
//! 3 family name, 4 the style of the handle (`below(8)`), 5 its number
//! (`below(100)`). Full, given and family name, username and e-mail of one
//! cell all begin with these five, so they are one person's.

use super::pen::Pen;
use crate::dictionary::{Format, List};

/// Somebody: indices into the lists of any locale.
pub(super) struct Person {
    given_list: List,
    given: usize,
    family: usize,
    style: u64,
    number: u64,
}

impl Person {
    pub(super) fn draw(pen: &mut Pen<'_>) -> Self {
        let given_list = [List::GivenFemale, List::GivenMale][pen.stream.index(2)];
        Self {
            given_list,
            given: pen.stream.index(pen.words.list(given_list).len()),
            family: pen.stream.index(pen.words.list(List::Family).len()),
            style: pen.stream.below(8),
            number: pen.stream.below(100),
        }
    }

    fn draw_form(&self, pen: &mut Pen<'_>) -> (&'static str, usize) {
        let words = pen.words;
        let form = pen.stream.pick(words.formats(Format::FullName)).copied().unwrap_or_default();
        (form, pen.stream.index(words.list(List::Family).len()))
    }

    /// Appends the name somebody goes by on the net, in ASCII.
    pub(super) fn write_handle(&self, pen: &mut Pen<'_>) {
        let words = pen.words;
        let spelled = |list, index: usize| words.ascii(list).get(index).map_or("", |name| &**name);
        let (given, family) =
            (spelled(self.given_list, self.given), spelled(List::Family, self.family));
        match self.style {
            4 => pen.out.push_str(given.get(..1).unwrap_or_default()),
            5 => pen.out.extend([given, "_"]),
            7 => pen.out.push_str(given),
            _ => pen.out.extend([given, "."]),
        }
        if self.style != 7 {
            pen.out.push_str(family);
        }
        if self.style >= 6 {
            pen.number(self.number, 1);
        }
    }
}

/// Draws: 6 which of the country's forms of a name, 7 a second family name.
pub(super) fn full_name(pen: &mut Pen<'_>) {
    let person = Person::draw(pen);
    let (form, second) = person.draw_form(pen);
    let mut families = [person.family, second].into_iter().cycle();
    pen.template(form, |pen, part| match part {
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
    let (form, second) = person.draw_form(pen);
    pen.nth(List::Family, person.family);
    if form.matches("{family}").count() > 1 {
        pen.out.push(' ');
        pen.nth(List::Family, second);
    }
}
