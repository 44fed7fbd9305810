//! Hides passwords in any text that may hold a URL, so that an excerpt or a
//! wrong value can be shown.

/// What stands where a password stood.
const HIDDEN: &str = "***";

/// Query parameters whose values are secrets (libpq, "Parameter Key Words").
const SECRET_PARAMETERS: [&str; 3] = ["password=", "sslpassword=", "scram_client_key="];

/// Returns `text` with the password of every URL replaced. Errs on the side of
/// hiding too much: the last `@` before the next space ends the password, for a
/// stray quote inside it may be the very mistake that is being shown.
pub(super) fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let (url, next) = after.split_at(end);
        out.push_str(&redact_authority(url));
        rest = next;
    }
    out.push_str(rest);
    redact_parameters(&out)
}

fn redact_authority(url: &str) -> String {
    let Some(at) = url.rfind('@') else { return url.to_owned() };
    let (user_info, host) = url.split_at(at);
    match user_info.split_once(':') {
        Some((user, _)) => format!("{user}:{HIDDEN}{host}"),
        None => url.to_owned(),
    }
}

fn redact_parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, parameter)) = SECRET_PARAMETERS
        .iter()
        .filter_map(|parameter| rest.find(parameter).map(|at| (at, parameter)))
        .min()
    {
        let start = at + parameter.len();
        out.push_str(&rest[..start]);
        out.push_str(HIDDEN);
        let value = &rest[start..];
        let end = value.find(|c: char| c == '&' || c.is_whitespace()).unwrap_or(value.len());
        rest = &value[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_password_goes() {
        for (given, shown) in [
            ("auto", "auto"),
            ("postgres://h/d", "postgres://h/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://u:p@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p@w@h/d", "postgres://u:***@h/d"),
            ("postgres://h/d?password=x&user=u", "postgres://h/d?password=***&user=u"),
            ("server = \"postgre://u:p@h\" # x", "server = \"postgre://u:***@h\" # x"),
        ] {
            assert_eq!(redact(given), shown);
        }
    }

    proptest! {
        #[test]
        fn no_password_survives(password in "[a-zA-Z0-9:/@?#%'\"]{0,8}S3CRET[a-zA-Z0-9:/@?#%'\"]{0,8}") {
            let line = format!("server = \"postgres://user:{password}@host:5432/db\"");
            prop_assert!(!redact(&line).contains("S3CRET"));
        }
    }
}
