//! The configuration as rows: what `seedbed config show` prints.

use super::choice::ServerChoice;
use super::duration;
use super::lease::{Workers, lane_word};
use super::load::Config;
use super::recipe::RecipeSource;
use super::redact::redact;
use super::value::{Origin, Value};

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The full name of the key, such as `settings.work_mem`.
    pub key: String,
    /// The value as one would write it in the file, which is valid JSON too;
    /// `None` if there is none.
    /// Passwords in URLs are hidden.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
    /// Why, where the value was found and not written.
    pub reason: Option<String>,
}

impl Config {
    /// Every value in the order of the reference.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![
            row("server", &self.server, |choice| Some(server(choice))),
            row("version", &self.version, |version| {
                version.map(|version| quoted(&version.to_string()))
            }),
            row("storage", &self.storage, |storage| Some(quoted(storage.word()))),
            row("role", &self.role, |role| role.as_deref().map(quoted)),
            row("locale", &self.locale, |locale| locale.as_deref().map(quoted)),
            row("allow_host", &self.allow_host, |hosts| Some(list(hosts))),
            row("tune_existing", &self.tune_existing, |flag| Some(flag.to_string())),
            row("fetch_with", &self.fetch_with, |client| Some(quoted(client.word()))),
            row("offline", &self.offline, |flag| Some(flag.to_string())),
            row("os_user", &self.os_user, |user| user.as_deref().map(quoted)),
            row("idle_timeout", &self.idle_timeout, |timeout| {
                Some(quoted(&duration::write(*timeout)))
            }),
            row("workers", &self.workers, |workers| workers.map(Workers::written)),
            row("lane", &self.lane, |lane| Some(quoted(lane_word(*lane)))),
        ];
        for (name, setting) in &self.settings {
            rows.push(row(&format!("settings.{name}"), setting, |text| Some(quoted(text))));
        }
        self.recipe_rows(&mut rows);
        rows.push(row("factories.seed", &self.seed, |seed| Some(quoted(seed))));
        rows.push(row("factories.locale", &self.values_locale, |locale| {
            Some(quoted(locale.word()))
        }));
        rows.push(row("factories.consent", &self.consent, |consent| Some(list(consent))));
        for (name, template) in &self.env {
            rows.push(row(&format!("env.{name}"), template, |text| Some(quoted(text.source()))));
        }
        rows
    }

    fn recipe_rows(&self, rows: &mut Vec<Row>) {
        let mut push = |name: &str, value: Option<String>, reason: Option<&String>| {
            let part = name.rsplit('.').next().and_then(|leaf| self.recipe.parts.get(leaf));
            let origin = part.unwrap_or(&self.recipe.origin).clone();
            rows.push(Row { key: name.to_owned(), value, origin, reason: reason.cloned() });
        };
        let reason = (self.recipe.origin == Origin::Found).then_some(&self.recipe.reason);
        match &self.recipe.source {
            RecipeSource::Migrations { path, format } => {
                push("recipe.migrations", Some(quoted(&path.to_string_lossy())), reason);
                if let Some(format) = format {
                    push("recipe.format", Some(quoted(format.word())), None);
                }
            }
            RecipeSource::Dump { path } => {
                push("recipe.dump", Some(quoted(&path.to_string_lossy())), reason);
            }
            RecipeSource::Command { argv, inputs } => {
                push("recipe.command", Some(list(argv)), reason);
                push("recipe.inputs", Some(list(inputs)), None);
            }
            RecipeSource::Nothing => push("recipe", None, Some(&self.recipe.reason)),
        }
        if !self.recipe.seeds.is_empty() {
            push("recipe.seeds", Some(list(&self.recipe.seeds)), None);
        }
    }
}

fn row<T>(key: &str, value: &Value<T>, write: impl FnOnce(&T) -> Option<String>) -> Row {
    Row {
        key: key.to_owned(),
        value: write(&value.value),
        origin: value.origin.clone(),
        reason: None,
    }
}

fn server(choice: &ServerChoice) -> String {
    match choice {
        ServerChoice::Auto => quoted("auto"),
        ServerChoice::Local => quoted("local"),
        ServerChoice::Embedded(None) => quoted("embedded"),
        ServerChoice::Embedded(Some(version)) => quoted(&format!("embedded@{version}")),
        ServerChoice::Existing(url) => quoted(url.expose()),
    }
}

/// A text in quotes, its escapes valid in TOML and in JSON alike. Whatever
/// holds a URL may hold a password.
fn quoted(text: &str) -> String {
    serde_json::Value::String(redact(text)).to_string()
}

fn list(texts: &[String]) -> String {
    let items: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", items.join(", "))
}
