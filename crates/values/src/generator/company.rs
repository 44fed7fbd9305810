//! Companies and who works there. Draws of a name: 1 its style (`below(4)`),
//! 2 a family name, 3 a suffix or another family name.

use super::pen::Pen;
use crate::dictionary::List;
use crate::locale::Locale;

pub(super) fn name(pen: &mut Pen<'_>) {
    let partners = pen.stream.below(4) == 3;
    let family = pen.stream.index(pen.words.list(List::Family).len());
    if pen.locale == Locale::JaJp {
        // The form of the company comes first and nothing stands between.
        if !partners {
            pen.entry(List::CompanySuffix);
            pen.nth(List::Family, family);
            return;
        }
        pen.nth(List::Family, family);
        pen.out.push('・');
        pen.entry(List::Family);
        return;
    }
    pen.nth(List::Family, family);
    pen.out.push_str(if partners { " & " } else { " " });
    pen.entry(if partners { List::Family } else { List::CompanySuffix });
}

pub(super) fn department(pen: &mut Pen<'_>) {
    pen.entry(List::Department);
}

pub(super) fn job(pen: &mut Pen<'_>) {
    pen.entry(List::Job);
}
