//! What programs write about themselves.

use super::internet::write_slug;
use super::pen::Pen;
use crate::locale::Locale;

/// One draw for the three of them.
pub(super) fn semver(pen: &mut Pen<'_>) {
    let version = pen.stream.below(5 * 20 * 30);
    pen.number(version / (20 * 30), 1);
    pen.out.push('.');
    pen.number(version / 30 % 20, 1);
    pen.out.push('.');
    pen.number(version % 30, 1);
}

pub(super) fn mime_type(pen: &mut Pen<'_>) {
    pen.one_of(&[
        "application/json",
        "application/pdf",
        "application/xml",
        "application/zip",
        "audio/mpeg",
        "image/jpeg",
        "image/png",
        "image/svg+xml",
        "image/webp",
        "text/csv",
        "text/html",
        "text/plain",
        "video/mp4",
    ]);
}

/// A slug, then one draw for the ending.
pub(super) fn file_name(pen: &mut Pen<'_>) {
    const ENDINGS: [&str; 8] = [".csv", ".jpg", ".json", ".md", ".pdf", ".png", ".txt", ".zip"];
    let from = pen.out.len();
    write_slug(pen);
    let ending = pen.stream.pick(&ENDINGS).copied().unwrap_or(".txt");
    pen.close(from, '-', &[ending]);
}

pub(super) fn locale(pen: &mut Pen<'_>) {
    pen.one_of(&Locale::ALL.map(Locale::word));
}

/// The languages of Wikipedia's largest editions that have an ISO 639-1 code.
pub(super) fn language(pen: &mut Pen<'_>) {
    pen.one_of(&[
        "ar", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu",
        "id", "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv",
        "th", "tr", "uk", "vi", "zh",
    ]);
}
