//! `seedbed make` and `seedbed explain`.

use std::collections::BTreeMap;

use seedbed_api::plan::{Argument, Call, Policy};
use seedbed_api::{Failure, Kind, Result};
use seedbed_engine::MakeSource;
use seedbed_engine::config::Flags;

/// Make rows: the same call is the same row
///
/// Fills what is not given with valid, realistic values, makes the rows that
/// TABLE refers to, and finds what is there already: a second call changes
/// nothing. The database is the one at --url, else that of the `seedbed run` or
/// `lease` around us, else one on the server that `seedbed up` keeps, else
/// DATABASE_URL; it is written only if it is ours or clearly for tests.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct MakeArgs {
    #[command(flatten)]
    pub(crate) call: CallArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Show the SQL instead of running it
    #[arg(long, conflicts_with_all = ["dry_run", "build"])]
    pub(crate) plan: bool,
    /// Make the rows, show them, and roll back
    #[arg(long, conflicts_with = "build")]
    pub(crate) dry_run: bool,
    /// Without a database, by the schema it had when it was last seen
    #[arg(long, conflicts_with = "url")]
    pub(crate) build: bool,
}

/// Say how a call of `seedbed make` is understood
///
/// Which key a row is found by and why the others lost, where each value comes
/// from, and the SQL. Nothing is written.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) call: CallArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// What is asked of a factory.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CallArgs {
    /// The table, such as users or sales.users
    #[arg(value_name = "TABLE")]
    table: String,
    /// Values, in PostgreSQL's input syntax; a column named n times has a value for each of n
    /// rows, posts.title=x is a value for the rows of --with posts=3
    #[arg(value_name = "COLUMN=VALUE")]
    set: Vec<String>,
    /// How many rows; the same ones each time
    #[arg(
        short = 'n',
        long = "count",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    count: Option<u32>,
    /// So many rows of TABLE that refer to each of the rows (repeatable)
    #[arg(long, value_name = "TABLE=K")]
    with: Vec<String>,
    /// NULL as the value of COLUMN (repeatable)
    #[arg(long, value_name = "COLUMN")]
    null: Vec<String>,
    /// The columns a row is found by, where it is not to be inferred
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    key: Vec<String>,
    /// What happens to a row that is there with other values: converge (update the columns that
    /// were given), keep or strict (an error)
    #[arg(long, value_name = "POLICY", value_parser = parse_policy, default_value = "converge")]
    policy: Policy,
    /// New rows in any case
    #[arg(long, conflicts_with = "key")]
    fresh: bool,
    /// Whose rows they are, where no value says which: shared, or the name of a test
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
}

/// Which database, and whether it may be used.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    /// The database at this URL
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// This host is for tests although its name does not say so (repeatable)
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
}

impl PlaceArgs {
    /// Which database is meant.
    pub(crate) fn source(&self) -> MakeSource<'_> {
        self.url.as_deref().map_or(MakeSource::Around, MakeSource::Url)
    }

    /// The flags by the names of their keys.
    pub(crate) fn flags(&self) -> Flags {
        Flags::default().values("allow_host", self.allow_host.clone())
    }
}

impl CallArgs {
    /// The call.
    ///
    /// # Errors
    /// `Config` for a word that is no `COLUMN=VALUE` or `TABLE=K`.
    pub(crate) fn call(&self) -> Result<Call> {
        let mut with = self.with.iter().map(|word| child(word)).collect::<Result<Vec<Call>>>()?;
        let mut own: Given = BTreeMap::new();
        let mut of_children: Vec<Given> = vec![BTreeMap::new(); with.len()];
        let given = self.set.iter().map(|word| match word.split_once('=') {
            Some((column, value)) if !column.is_empty() => Ok((column, Some(value.to_owned()))),
            Some((_, value)) => {
                Err(no_value(word).hint(format!("seedbed make {} COLUMN={value}", self.table)))
            }
            None => Err(no_value(word)
                .hint(format!("seedbed make {} {word}=VALUE", self.table))
                .hint(format!("seedbed make {} --null {word}", self.table))),
        });
        let nulls = self.null.iter().map(|column| Ok((column.as_str(), None)));
        for pair in given.chain(nulls) {
            let (column, value) = pair?;
            let of_child = with.iter().enumerate().find_map(|(at, child)| {
                let column = column.strip_prefix(child.table.as_str())?.strip_prefix('.')?;
                Some((at, column))
            });
            let (given, column) = match of_child {
                Some((at, column)) => (&mut of_children[at], column),
                None => (&mut own, column),
            };
            given.entry(column.to_owned()).or_default().push(value);
        }
        let listed = own.values().map(Vec::len).find(|length| *length > 1);
        let count = self.count.or_else(|| u32::try_from(listed?).ok());
        for (child, given) in with.iter_mut().zip(of_children) {
            child.set = arguments(given);
        }
        Ok(Call {
            table: self.table.clone(),
            set: arguments(own),
            count,
            with,
            key: self.key.clone(),
            policy: self.policy,
            fresh: self.fresh,
            scope: self.scope.clone(),
        })
    }
}

fn no_value(word: &str) -> Failure {
    Failure::new(Kind::Config, format!("`{word}` is no COLUMN=VALUE"))
}

/// Values by column, in the order in which they were given.
type Given = BTreeMap<String, Vec<Option<String>>>;

fn arguments(given: Given) -> BTreeMap<String, Argument> {
    let argument = |mut values: Vec<Option<String>>| match values.len() {
        1 => Argument::Same(values.remove(0)),
        _ => Argument::Each(values),
    };
    given.into_iter().map(|(column, values)| (column, argument(values))).collect()
}

/// Reads `posts=3`.
fn child(word: &str) -> Result<Call> {
    let parts = word.rsplit_once('=').filter(|(table, _)| !table.is_empty());
    let read = parts.and_then(|(table, count)| Some((table, count.parse::<u32>().ok()?)));
    match read {
        Some((table, count)) if count > 0 => {
            Ok(Call { table: table.to_owned(), count: Some(count), ..Call::default() })
        }
        _ => {
            let table = word.split('=').next().filter(|table| !table.is_empty());
            Err(Failure::new(Kind::Config, format!("`{word}` is no TABLE=K with a number from 1"))
                .hint(format!("--with {}=3", table.unwrap_or("posts"))))
        }
    }
}

/// Reads the word of a policy.
fn parse_policy(word: &str) -> Result<Policy, String> {
    match word {
        "converge" => Ok(Policy::Converge),
        "keep" => Ok(Policy::Keep),
        "strict" => Ok(Policy::Strict),
        _ => Err("it is converge, keep or strict".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn call(words: &[&str]) -> Result<Call> {
        let words = ["seedbed", "make"].iter().chain(words);
        let Command::Make(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("make is make")
        };
        args.call.call()
    }

    fn same(value: &str) -> Argument {
        Argument::Same(Some(value.to_owned()))
    }

    #[test]
    fn words_become_a_call() {
        let words = [
            "users",
            "email=a=b@x.example",
            "name=",
            "--null",
            "bio",
            "-n",
            "2",
            "age=1",
            "age=2",
            "--with",
            "posts=3",
            "posts.title=T",
            "--with",
            "sales.tags=1",
            "--key",
            "email,org",
            "--policy",
            "keep",
            "--scope",
            "t",
            "sales.tags.name=x",
            "odd.column=y",
        ];
        let call = call(&words).unwrap();
        assert_eq!((call.table.as_str(), call.count, call.fresh), ("users", Some(2), false));
        assert_eq!(call.set["email"], same("a=b@x.example"));
        assert_eq!(call.set["name"], same(""));
        assert_eq!(call.set["bio"], Argument::Same(None));
        assert_eq!(call.set["age"], Argument::Each(vec![Some("1".into()), Some("2".into())]));
        assert_eq!(call.set["odd.column"], same("y"));
        assert_eq!(call.with.len(), 2);
        assert_eq!((call.with[0].table.as_str(), call.with[0].count), ("posts", Some(3)));
        assert_eq!(call.with[0].set["title"], same("T"));
        assert_eq!(call.with[1].set["name"], same("x"));
        assert_eq!(call.key, ["email", "org"]);
        assert_eq!((call.policy, call.scope.as_deref()), (Policy::Keep, Some("t")));
    }

    #[test]
    fn a_list_says_how_many_rows_there_are() {
        assert_eq!(call(&["users", "age=1", "age=2", "age=3"]).unwrap().count, Some(3));
        assert_eq!(call(&["users", "age=1"]).unwrap().count, None);
        assert_eq!(call(&["users", "-n", "1"]).unwrap().count, Some(1));
    }

    #[test]
    fn a_word_that_is_no_value_gets_lines_to_paste() {
        for (words, message, hint) in [
            (
                &["users", "email"][..],
                "`email` is no COLUMN=VALUE",
                "seedbed make users email=VALUE",
            ),
            (&["users", "=x"], "`=x` is no COLUMN=VALUE", "seedbed make users COLUMN=x"),
            (&["users", "--with", "posts"], "`posts` is no TABLE=K", "--with posts=3"),
            (&["users", "--with", "posts=0"], "`posts=0` is no TABLE=K", "--with posts=3"),
            (&["users", "--with", "=2"], "`=2` is no TABLE=K", "--with posts=3"),
        ] {
            let failure = call(words).unwrap_err();
            assert_eq!(failure.kind(), Kind::Config);
            assert!(failure.to_string().starts_with(message), "{failure}");
            assert_eq!(failure.hints()[0], hint);
        }
    }
}
