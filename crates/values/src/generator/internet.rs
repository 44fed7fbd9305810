//! Things of the net: only names reserved by RFC 2606 and RFC 6761 and
//! addresses reserved for documentation (RFC 5737, RFC 3849), so nothing here
//! can reach anybody. Username and e-mail draw a person first (see
//! [`super::person`]), then 5 the domain.

use super::pen::Pen;
use super::person::Person;
use crate::base::{BASE32, HEX, write_bits};
use crate::dictionary::List;

/// Where mail goes: nowhere.
const MAIL_DOMAINS: [&str; 8] = [
    "example.com",
    "example.net",
    "example.org",
    "mail.example",
    "post.example",
    "office.example",
    "mail.test",
    "inbox.test",
];

/// Takes the place of a longer domain where there is little room.
const SHORT_DOMAIN: &str = "a.test";

/// First three bytes of the documentation networks.
const IPV4_NETWORKS: [&str; 3] = ["192.0.2.", "198.51.100.", "203.0.113."];

/// Longest local part of an e-mail address (RFC 5321, 4.5.3.1.1) and longest
/// label of a domain (RFC 1035, 2.3.4).
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

pub(super) fn username(pen: &mut Pen<'_>) {
    let person = Person::draw(pen);
    let from = pen.out.len();
    person.write_handle(pen);
    pen.close(from, '.', &[]);
}

pub(super) fn email(pen: &mut Pen<'_>) {
    let person = Person::draw(pen);
    let from = pen.out.len();
    person.write_handle(pen);
    pen.clip(from, LONGEST_LOCAL - pen.token_length());
    let domain = pen.stream.pick(&MAIL_DOMAINS).copied().unwrap_or(SHORT_DOMAIN);
    let needed = pen.out.len() - from + pen.token_length() + 1 + domain.len();
    pen.close(from, '.', &["@", if needed > pen.room() { SHORT_DOMAIN } else { domain }]);
}

pub(super) fn domain(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    write_label(pen);
    let top = pen.stream.pick(&[".example", ".test"]).copied().unwrap_or(".test");
    let needed = pen.out.len() - from + pen.token_length() + top.len();
    pen.close(from, '-', &[if needed > pen.room() { ".test" } else { top }]);
}

/// A family name or two words: one draw for which, one or two for the words.
fn write_label(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    if pen.stream.chance(1, 2) {
        let names = pen.words.ascii(List::Family);
        let index = pen.stream.index(names.len());
        pen.out.push_str(names.get(index).map_or("", |name| name));
    } else {
        pen.ascii_word();
        pen.out.push('-');
        pen.ascii_word();
    }
    pen.clip(from, LONGEST_LABEL - pen.token_length());
}

pub(super) fn url(pen: &mut Pen<'_>) {
    pen.out.push_str("https://");
    let domain = pen.out.len();
    write_label(pen);
    pen.out.push_str(".example");
    // At least six characters stay for what is said after the domain.
    if pen.out.len() - pen.start + pen.token_length() + 6 > pen.room() {
        pen.out.truncate(domain);
        pen.out.push_str(SHORT_DOMAIN);
    }
    pen.out.push('/');
    let from = pen.out.len();
    write_slug(pen);
    pen.close(from, '-', &[]);
}

pub(super) fn slug(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    write_slug(pen);
    pen.close(from, '-', &[]);
}

/// Two or three words: one draw for how many, one for each.
pub(super) fn write_slug(pen: &mut Pen<'_>) {
    for index in 0..2 + pen.stream.below(2) {
        if index > 0 {
            pen.out.push('-');
        }
        pen.ascii_word();
    }
}

pub(super) fn ipv4(pen: &mut Pen<'_>) {
    pen.one_of(&IPV4_NETWORKS);
    let host = pen.stream.below(254) + 1;
    pen.number(host, 1);
}

pub(super) fn ipv6(pen: &mut Pen<'_>) {
    pen.out.push_str("2001:db8");
    let bits = pen.bits();
    for group in (0..6).rev() {
        pen.out.push(':');
        write_group((bits >> (group * 16)) as u16, pen.out);
    }
}

/// Without leading zeros, as RFC 5952 wants it.
fn write_group(group: u16, out: &mut String) {
    let digits = (u16::BITS - group.leading_zeros()).div_ceil(4).max(1);
    write_bits(u128::from(group), digits as usize, HEX, out);
}

/// A network of 24 to 30 bits, its host bits 0.
pub(super) fn cidr(pen: &mut Pen<'_>) {
    pen.one_of(&IPV4_NETWORKS);
    let bits = pen.stream.below(7);
    let network = pen.stream.below(1 << bits) << (8 - bits);
    pen.number(network, 1);
    pen.out.push('/');
    pen.number(24 + bits, 1);
}

/// One draw; the first byte says: for one station, administered locally.
pub(super) fn mac(pen: &mut Pen<'_>) {
    let bits = pen.stream.next_u64() & !(1 << 40) | (2 << 40);
    for byte in (0..6).rev() {
        write_bits(u128::from(bits >> (byte * 8)), 2, HEX, pen.out);
        if byte > 0 {
            pen.out.push(':');
        }
    }
}

pub(super) fn user_agent(pen: &mut Pen<'_>) {
    let system = pen.stream.pick(&SYSTEMS).copied().unwrap_or_default();
    let kind = pen.stream.below(2);
    let version = 110 + pen.stream.below(12);
    pen.out.extend(["Mozilla/5.0 (", system]);
    if kind == 0 {
        pen.out.push_str("; rv:");
        pen.number(version, 1);
        pen.out.push_str(".0) Gecko/20100101 Firefox/");
        pen.number(version, 1);
        pen.out.push_str(".0");
    } else {
        pen.out.push_str(") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/");
        pen.number(version, 1);
        pen.out.push_str(".0.0.0 Safari/537.36");
    }
}

const SYSTEMS: [&str; 4] = [
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "X11; Ubuntu; Linux x86_64",
];

/// Sixteen characters of the cell's bits after a word that says what it is.
pub(super) fn password(pen: &mut Pen<'_>) {
    const SAYING: &str = "placeholder-";
    if pen.room() >= SAYING.len() + 8 + pen.token_length() {
        pen.out.push_str(SAYING);
    }
    let from = pen.out.len();
    let bits = pen.bits();
    write_bits(bits, 16, BASE32, pen.out);
    pen.close(from, '-', &[]);
}

/// Thirty-two characters: four draws.
pub(super) fn token(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    for _ in 0..2 {
        let bits = pen.bits();
        write_bits(bits, 16, BASE32, pen.out);
    }
    pen.close(from, '_', &[]);
}
