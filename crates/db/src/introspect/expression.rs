//! Texts of expressions as the server writes them back: operators and
//! functions, strings in `'…'`, identifiers in `"…"`; no comments and no dollar
//! quotes.

/// Characters outside of strings and quoted identifiers, with their places.
fn plain(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut inside: Option<char> = None;
    text.char_indices().filter(move |(_, character)| match (inside, *character) {
        // A doubled quote ends one string and begins the next.
        (Some(quote), character) => {
            if character == quote {
                inside = None;
            }
            false
        }
        (None, '\'' | '"') => {
            inside = Some(*character);
            false
        }
        (None, _) => true,
    })
}

/// Without the parentheses around the whole, if there are any.
pub(super) fn without_parentheses(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else {
        return text;
    };
    let mut depth = 0_usize;
    for (_, character) in plain(inner) {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return text,
            ')' => depth -= 1,
            _ => {}
        }
    }
    inner
}

/// The items of a list, as in `lower(a), (b + 1)`.
pub(super) fn items(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut from = 0;
    let mut found = Vec::new();
    for (at, character) in plain(text) {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[from..].trim());
    found
}

/// Whether a default draws from a sequence or is random, and so says nothing
/// about its row. Functions are known by their names: the usual ones of the
/// server and of the extensions people take for this.
pub(super) fn is_surrogate(default: &str) -> bool {
    const RANDOM: [&str; 8] =
        ["nextval", "random", "uuid", "ulid", "nanoid", "cuid", "ksuid", "snowflake"];
    const STEADY: [&str; 6] = [
        "uuid_nil",
        "uuid_max",
        "uuid_ns_",
        "uuid_generate_v3",
        "uuid_generate_v5",
        "uuid_extract",
    ];
    plain(default).filter(|(_, character)| *character == '(').any(|(at, _)| {
        let before = &default[..at];
        let from = before
            .rfind(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let name = before[from..].to_ascii_lowercase();
        RANDOM.iter().any(|word| name.contains(word))
            && !STEADY.iter().any(|word| name.starts_with(word))
    })
}

/// A partition's condition without numbers of this database: the server writes
/// those of hash partitions with the parent's oid, `satisfies_hash_partition(
/// '16385'::oid, 2, 0, id)`. A table without a name keeps its number.
pub(super) fn with_names(holds: &str, name: impl Fn(u32) -> Option<String>) -> String {
    const CALL: &str = "satisfies_hash_partition('";
    let mut written = String::with_capacity(holds.len());
    let mut rest = holds;
    while let Some(at) = rest.find(CALL) {
        let (before, after) = rest.split_at(at + CALL.len());
        let named = after
            .split_once("'::oid")
            .and_then(|(oid, after)| Some((name(oid.parse().ok()?)?.replace('\'', "''"), after)));
        written.push_str(before);
        rest = after;
        if let Some((name, after)) = named {
            written.push_str(&name);
            written.push_str("'::regclass");
            rest = after;
        }
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parentheses_around_the_whole_are_taken_off() {
        for (text, expected) in [
            ("(a > 0)", "a > 0"),
            ("((a > 0) AND (b > 0))", "(a > 0) AND (b > 0)"),
            ("(a > 0) AND (b > 0)", "(a > 0) AND (b > 0)"),
            ("f(a)", "f(a)"),
            ("(a = ')'::text)", "a = ')'::text"),
            ("(a = 'it''s ('::text)", "a = 'it''s ('::text"),
            (r#"("(" > 0)"#, r#""(" > 0"#),
            ("", ""),
        ] {
            assert_eq!(without_parentheses(text), expected, "{text}");
        }
    }

    #[test]
    fn lists_are_split_at_their_own_commas() {
        assert_eq!(items("lower(a), (b + 1)"), ["lower(a)", "(b + 1)"]);
        assert_eq!(items("f(a, b), (c || ','::text)"), ["f(a, b)", "(c || ','::text)"]);
        assert_eq!(items(r#"(ARRAY[a, b]), "x,y""#), ["(ARRAY[a, b])", r#""x,y""#]);
    }

    #[test]
    fn defaults_that_say_nothing_are_known() {
        for (text, expected) in [
            ("nextval('public.t_id_seq'::regclass)", true),
            ("gen_random_uuid()", true),
            ("uuidv7()", true),
            ("public.uuid_generate_v4()", true),
            ("('u'::text || nextval('s'::regclass))", true),
            ("encode(public.gen_random_bytes(16), 'hex'::text)", true),
            ("public.uuid_generate_v5(public.uuid_ns_url(), 'x'::text)", false),
            ("public.uuid_nil()", false),
            ("'random()'::text", false),
            ("'x'::random", false),
            ("now()", false),
            ("é(nextval('s'))", true),
        ] {
            assert_eq!(is_surrogate(text), expected, "{text}");
        }
    }

    #[test]
    fn hash_partitions_name_their_parent() {
        let name = |oid| (oid == 7).then(|| r#""public"."it's""#.to_owned());
        assert_eq!(
            with_names("satisfies_hash_partition('7'::oid, 2, 0, a) AND x", name),
            r#"satisfies_hash_partition('"public"."it''s"'::regclass, 2, 0, a) AND x"#
        );
        let unknown = "(satisfies_hash_partition('8'::oid, 2, 0, a))";
        assert_eq!(with_names(unknown, name), unknown);
    }
}
