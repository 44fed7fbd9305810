//! The configuration of a project, complete and checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use seedbed_api::lease::LaneChoice;
use seedbed_api::{Failure, Kind, Listener, Result};

use super::choice::ServerChoice;
use super::decode;
use super::keys::{self, Key};
use super::layers::{Given, Inputs, Layers};
use super::lease::Workers;
use super::misfit::Misfit;
use super::recipe::{RecipeChoice, RecipeSource};
use super::template::Template;
use super::value::{Origin, Value};
use super::{FILE_NAME, discover, factories, root};
use seedbed_server::Storage;
use seedbed_server::binaries::FetchWith;

/// What holds for this project, each value with its origin. The meaning of
/// every field is the sentence of its key in [`keys::KEYS`].
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "keys::KEYS has the one sentence about each; two would part")]
pub struct Config {
    /// The project's folder: absolute, symlinks resolved.
    pub root: PathBuf,
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
    pub server: Value<ServerChoice>,
    pub version: Value<Option<u16>>,
    pub storage: Value<Storage>,
    pub role: Value<Option<String>>,
    pub locale: Value<Option<String>>,
    pub allow_host: Value<Vec<String>>,
    pub tune_existing: Value<bool>,
    pub fetch_with: Value<FetchWith>,
    pub offline: Value<bool>,
    pub os_user: Value<Option<String>>,
    /// `None`: never.
    pub idle_timeout: Value<Option<Duration>>,
    /// `None`: no lease service with `run`.
    pub workers: Value<Option<Workers>>,
    pub lane: Value<LaneChoice>,
    pub settings: BTreeMap<String, Value<String>>,
    pub seed: Value<String>,
    pub values_locale: Value<seedbed_values::Locale>,
    pub consent: Value<Vec<String>>,
    /// The recipe and why it is this one.
    pub recipe: RecipeChoice,
    pub env: BTreeMap<String, Value<Template>>,
}

impl Config {
    /// Finds the project, combines the layers and checks every value. Tells
    /// the listener about unknown keys and tools without a recipe.
    ///
    /// # Errors
    /// [`Kind::Config`], naming file and line, variable or flag, the key, what
    /// was expected, and a corrected line.
    pub fn load(inputs: Inputs<'_>, listener: &dyn Listener) -> Result<Self> {
        let mut project = root::find(&inputs.directory)?;
        let mut layers = Layers::defaults();
        if let Some(text) = &project.text {
            layers.file(text, listener)?;
        }
        layers.environment(inputs.environment)?;
        layers.flags(inputs.flags)?;

        let mut decoder = Decoder(layers);
        let recipe = match declared_recipe(&mut decoder)? {
            Some(recipe) => recipe,
            None => match discover::nearest(&project.candidates, listener) {
                Some((root, recipe)) => {
                    project.root = root;
                    recipe
                }
                None => discover::discover(&project.root, listener),
            },
        };
        let config = Self {
            server: decoder.required("server", decode::server)?,
            version: decoder.optional("version", decode::version)?,
            storage: decoder.required("storage", decode::storage)?,
            role: decoder.optional("role", decode::text)?,
            locale: decoder.optional("locale", decode::text)?,
            allow_host: decoder.or_empty("allow_host", decode::texts)?,
            tune_existing: decoder.required("tune_existing", decode::boolean)?,
            fetch_with: decoder.required("fetch_with", decode::fetch_with)?,
            offline: decoder.required("offline", decode::boolean)?,
            os_user: decoder.optional("os_user", decode::text)?,
            idle_timeout: decoder.required("idle_timeout", decode::idle_timeout)?,
            workers: decoder.optional("workers", decode::workers)?,
            lane: decoder.required("lane", decode::lane)?,
            settings: decoder.or_empty("settings", decode::parameters)?.value,
            seed: decoder.required("factories.seed", decode::text)?,
            values_locale: decoder.required("factories.locale", factories::locale)?,
            consent: decoder.or_empty("factories.consent", decode::texts)?,
            env: decoder.or_empty("env", decode::templates)?.value,
            recipe,
            file: project.text.is_some().then(|| project.root.join(FILE_NAME)),
            root: project.root,
        };
        config.check_versions()?;
        Ok(config)
    }

    /// `server = "embedded@17"` and `version = "16"` cannot both hold.
    fn check_versions(&self) -> Result<()> {
        if let (ServerChoice::Embedded(Some(embedded)), Some(version)) =
            (&self.server.value, self.version.value)
            && *embedded != version
        {
            let message = format!(
                "`server` is embedded@{embedded} ({}) but `version` is {version} ({})",
                self.server.origin, self.version.origin
            );
            return Err(Failure::new(Kind::Config, message).hint("server = \"embedded\""));
        }
        Ok(())
    }
}

/// Takes typed values out of the layers.
struct Decoder(Layers);

type Decode<T> = fn(&Given) -> Result<T, Misfit>;

impl Decoder {
    fn given(&mut self, name: &'static str) -> Result<(&'static Key, Option<Given>)> {
        let key = keys::find(name).ok_or_else(|| {
            Failure::new(Kind::Bug, format!("`{name}` is not in the table of keys"))
        })?;
        Ok((key, self.0.take(name)))
    }

    /// A key that has a default in the table.
    fn required<T>(&mut self, name: &'static str, decode: Decode<T>) -> Result<Value<T>> {
        let (key, given) = self.given(name)?;
        let given = given.ok_or_else(|| {
            Failure::new(Kind::Bug, format!("`{name}` has no default in the table"))
        })?;
        decode::value(key, given, decode)
    }

    /// A key without a default.
    fn optional<T>(&mut self, name: &'static str, decode: Decode<T>) -> Result<Value<Option<T>>> {
        let (key, given) = self.given(name)?;
        let Some(given) = given else { return Ok(Value::new(None, Origin::Default)) };
        let Value { value, origin } = decode::value(key, given, decode)?;
        Ok(Value::new(Some(value), origin))
    }

    /// A key whose default is the empty list or table.
    fn or_empty<T: Default>(&mut self, name: &'static str, decode: Decode<T>) -> Result<Value<T>> {
        let Value { value, origin } = self.optional(name, decode)?;
        Ok(Value::new(value.unwrap_or_default(), origin))
    }
}

/// The recipe of the file; `None` when there is no `[recipe]`.
fn declared_recipe(decoder: &mut Decoder) -> Result<Option<RecipeChoice>> {
    let Some(table) = decoder.0.table("recipe") else { return Ok(None) };
    let migrations = decoder.optional("recipe.migrations", decode::path)?;
    let format = decoder.optional("recipe.format", decode::format)?;
    let dump = decoder.optional("recipe.dump", decode::path)?;
    let command = decoder.optional("recipe.command", decode::command)?;
    let inputs = decoder.or_empty("recipe.inputs", decode::globs)?;
    let seeds = decoder.or_empty("recipe.seeds", decode::globs)?;
    let parts = BTreeMap::from([
        ("format", format.origin.clone()),
        ("inputs", inputs.origin.clone()),
        ("seeds", seeds.origin),
    ]);

    let named: Vec<(&str, &Origin)> = [
        ("migrations", migrations.value.is_some(), &migrations.origin),
        ("dump", dump.value.is_some(), &dump.origin),
        ("command", command.value.is_some(), &command.origin),
    ]
    .into_iter()
    .filter_map(|(name, given, origin)| given.then_some((name, origin)))
    .collect();
    if let [(first, at_first), (second, at_second), ..] = named[..] {
        let message = format!(
            "{at_second}: `{second}` beside `{first}` ({at_first}): a recipe has one source"
        );
        return Err(Failure::new(Kind::Config, message)
            .hint(format!("remove one of the lines; a `{second}` may run the other one itself")));
    }
    requires(
        "format",
        &format.origin,
        format.value.is_some(),
        "migrations",
        migrations.value.is_some(),
    )?;
    requires(
        "inputs",
        &inputs.origin,
        !inputs.value.is_empty(),
        "command",
        command.value.is_some(),
    )?;

    let (source, origin) = if let Some(path) = migrations.value {
        (RecipeSource::Migrations { path, format: format.value }, migrations.origin)
    } else if let Some(path) = dump.value {
        (RecipeSource::Dump { path }, dump.origin)
    } else if let Some(argv) = command.value {
        if inputs.value.is_empty() {
            let message = format!("{}: `command` without `inputs`", command.origin);
            return Err(Failure::new(Kind::Config, message)
                .detail("The schema is built again only when one of the inputs changes.")
                .hint("inputs = [\"alembic/**/*.py\"]"));
        }
        (RecipeSource::Command { argv, inputs: inputs.value }, command.origin)
    } else {
        (RecipeSource::Nothing, Origin::File(table))
    };
    let reason = match (&source, &origin) {
        (RecipeSource::Nothing, _) => "`[recipe]` names no source".to_owned(),
        (_, origin) => format!("named in {origin}"),
    };
    Ok(Some(RecipeChoice { source, seeds: seeds.value, origin, reason, parts }))
}

fn requires(
    name: &str,
    origin: &Origin,
    given: bool,
    other: &str,
    other_given: bool,
) -> Result<()> {
    if given && !other_given {
        let message = format!("{origin}: `{name}` has no meaning without `{other}`");
        let example = keys::find(&format!("recipe.{other}")).map(Key::example_lines);
        return Err(Failure::new(Kind::Config, message).hint(example.unwrap_or_default()));
    }
    Ok(())
}
