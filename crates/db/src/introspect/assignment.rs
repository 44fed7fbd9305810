//! Which columns a trigger's function assigns to, from its source: enough to
//! choose well among keys, never a promise. It may do so on some paths only.

/// Names after `NEW.` that a value is assigned to, each once, in their order.
pub(super) fn assigned(source: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before: Option<&str> = None;
    let mut rest = source;
    while let Some((token, after)) = token(rest) {
        rest = after;
        if token.eq_ignore_ascii_case("new")
            && before != Some(".")
            && let Some((name, how, after)) = field(rest)
        {
            let is = |words: &[&str]| {
                before
                    .is_some_and(|token| words.iter().any(|word| token.eq_ignore_ascii_case(word)))
            };
            let begins = before.is_none() || is(&[";", "begin", "then", "else", "loop"]);
            if how == ":=" || (how == "=" && begins) || is(&["into"]) {
                let name = folded(name);
                if !found.contains(&name) {
                    found.push(name);
                }
            }
            rest = after;
        }
        before = Some(token);
    }
    found
}

/// Those of them to which every row's value is assigned that comes to the end:
/// outside of every `IF`, `CASE` and loop, and not made of the same column. Nothing
/// after a `RETURN` on some path.
pub(super) fn replaced(source: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut current: Option<String> = None;
    let mut before = ";";
    // Blocks around, the function's own among them.
    let mut depth = 0_u32;
    let mut rest = source;
    while let Some((token, after)) = token(rest) {
        rest = after;
        let is = |word: &str| token.eq_ignore_ascii_case(word);
        let ends = before.eq_ignore_ascii_case("end");
        if is("end") {
            depth = depth.saturating_sub(1);
        } else if !ends && ["begin", "if", "case", "loop"].into_iter().any(is) {
            depth += 1;
        } else if is(";") {
            found.extend(current.take());
        } else if is("return") && depth > 1 || is("exception") && before == ";" {
            return found;
        } else if is("new")
            && before != "."
            && let Some((name, how, after)) = field(rest)
        {
            let name = folded(name);
            let begins = before == ";" || before.eq_ignore_ascii_case("begin");
            if current.as_ref() == Some(&name) {
                current = None;
            } else if begins && depth <= 1 && (how == ":=" || how == "=") {
                current = Some(name).filter(|name| !found.contains(name));
            }
            rest = after;
        }
        before = token;
    }
    found
}

/// `.name`, and the token after it, which is not consumed.
fn field(source: &str) -> Option<(&str, &str, &str)> {
    let (dot, after) = token(source)?;
    let (name, after) = token(after).filter(|_| dot == ".")?;
    let how = token(after).map_or("", |(how, _)| how);
    Some((name, how, after))
}

/// The next token; comments and white space are none. Strings and quoted names
/// are one, so is `:=`; everything else is a word or a single character.
fn token(source: &str) -> Option<(&str, &str)> {
    let mut rest = source.trim_start();
    loop {
        let comment = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else {
            break;
        };
        rest = rest[comment..].trim_start();
    }
    let first = rest.chars().next()?;
    let end = match first {
        '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
        ':' if rest.starts_with(":=") => 2,
        _ if is_word(first) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
        _ => first.len_utf8(),
    };
    Some(rest.split_at(end))
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

fn folded(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.to_owned(),
        None => name.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_on_every_path_is_known() {
        for (source, expected) in [
            ("BEGIN NEW.path := '/' || NEW.slug; RETURN NEW; END", &["path"][..]),
            ("BEGIN NEW.email := lower(NEW.email); RETURN NEW; END", &[]),
            ("BEGIN IF NEW.slug IS NULL THEN NEW.slug := 'x'; END IF; NEW.b = 1; END", &["b"]),
            ("IF BEGIN NEW.slug := 'x'; RETURN NEW; END", &[]),
            ("BEGIN IF x THEN RETURN NEW; END IF; NEW.slug := 'x'; RETURN NEW; END", &[]),
            ("BEGIN NEW.a := CASE WHEN b THEN 1 END; NEW.c := 2; RETURN NEW; END", &["a", "c"]),
            ("BEGIN FOR i IN 1..2 LOOP NEW.a := i; END LOOP; RETURN NEW; END", &[]),
            ("BEGIN PERFORM 1; EXCEPTION WHEN others THEN NEW.a := 1; END", &[]),
            (
                "DECLARE x int; BEGIN NEW.\"A b\" := 1; IF NEW.c = 2 THEN NULL; END IF; END",
                &["A b"],
            ),
        ] {
            assert_eq!(replaced(source), expected, "{source}");
        }
    }

    #[test]
    fn assignments_are_told_from_comparisons() {
        for (source, expected) in [
            ("BEGIN NEW.path := NEW.slug; RETURN NEW; END", &["path"][..]),
            ("begin\n  new.Path = lower(new.slug);\nend", &["path"]),
            (
                "BEGIN IF NEW.a = 'x' THEN NEW.b = 1; ELSE NEW . \"C d\" := 2; END IF; END",
                &["b", "C d"],
            ),
            ("BEGIN SELECT x INTO NEW.a FROM t; NEW.a := 1; END", &["a"]),
            ("BEGIN -- NEW.a := 1\n /* NEW.b := 2 */ PERFORM 'NEW.c := 3'; END", &[]),
            ("BEGIN IF OLD.a = NEW.a AND renew.b THEN RETURN OLD; END IF; END", &[]),
            ("NEW", &[]),
            ("", &[]),
        ] {
            assert_eq!(assigned(source), expected, "{source}");
        }
    }
}
