//! What a failed round leaves for whoever looks into it.

use std::path::Path;

use walkdir::WalkDir;

use super::theatre::Theatre;

/// More paths than these tell nothing new.
const MOST_PATHS: usize = 60;

/// The fault with what the last job said, the records, and the files outside
/// the cache.
pub(crate) fn gather(fault: &str, theatre: &Theatre) -> String {
    let stage = theatre.stage.dir();
    let mut text = format!("{fault}\n  last job said: {}", theatre.said().replace('\n', "\n    "));
    for path in paths(stage) {
        text.push_str(&format!("\n  {path}"));
        if path.ends_with("/record.json") {
            let record = std::fs::read_to_string(&path).unwrap_or_default();
            text.push_str(&format!("\n    {}", without_password(&record)));
        }
    }
    text
}

/// A record without the password of its server.
fn without_password(record: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(record) else {
        return "unreadable".to_owned();
    };
    for (part, secret) in [("service", "password"), ("foreign", "admin_url")] {
        if let Some(field) = value.get_mut(part).and_then(|part| part.get_mut(secret)) {
            *field = "…".into();
        }
    }
    value.to_string()
}

fn paths(stage: &Path) -> Vec<String> {
    let outside = |name: &std::ffi::OsStr| name == "cache" || name == "project" || name == "data";
    WalkDir::new(stage)
        .min_depth(1)
        .into_iter()
        .filter_entry(|entry| !outside(entry.file_name()))
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .take(MOST_PATHS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_evidence() {
        let record = r#"{"id":"a","service":{"password":"hunter2"},"foreign":{"admin_url":"postgres://x:hunter2@h/d"}}"#;
        let shown = without_password(record);
        assert!(shown.contains("\"id\":\"a\"") && !shown.contains("hunter2"), "{shown}");
        assert_eq!(without_password("{"), "unreadable");
    }
}
