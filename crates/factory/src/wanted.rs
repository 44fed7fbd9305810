//! A call read against the schema: the tables and columns that are meant, and
//! what of its arguments is part of the call's shape.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seedbed_api::plan::{Argument, Call, Policy};
use seedbed_api::{Failure, Kind, Result};
use seedbed_model::Settings;
use seedbed_schema::{Column, Lookup, NamedType, Schema, Table, TableName, TypeShape, near, quote};

use crate::line::{make, make_as, make_with};
use crate::predicates::{Predicates, Values, refers};
use crate::run::bounded;

/// Tables above this depth of `with` are a mistake, not a wish.
const DEEPEST: usize = 16;

/// Columns of a table in a line to paste, where none was meant that it has.
const FEW: usize = 4;

/// Parts of one call, children of children included: each has statements of its
/// own, and compiling them is not linear.
const MOST_PARTS: usize = 200;

/// A call, or a child's part of one, whose names are known to exist.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Name of the binding.
    pub(crate) binding: String,
    /// Where rows go; a view's rows go to its base table.
    pub(crate) table: Arc<Table>,
    /// The view that it goes through, where the statements are about the view.
    pub(crate) through: Option<TableName>,
    /// By column of `table`.
    pub(crate) set: BTreeMap<String, Passed>,
    /// Rows asked for, for each row of the parent if it is a child's part;
    /// absent: one, which is not a list of one.
    pub(crate) count: Option<u32>,
    pub(crate) with: Vec<Self>,
    /// Columns of `table`.
    pub(crate) key: Vec<String>,
    pub(crate) policy: Policy,
    pub(crate) fresh: bool,
    pub(crate) scope: String,
    /// Partial keys that no row has, for the values that were passed.
    pub(crate) lacks: BTreeSet<String>,
    /// References that they must have, for the values that were passed.
    pub(crate) needed: BTreeSet<String>,
}

impl Wanted {
    /// The partial keys that its rows and those of its children lack, and the
    /// references that they must have.
    pub(crate) fn outside(&self) -> Vec<&str> {
        let mut found: Vec<&str> = self.lacks.iter().map(String::as_str).collect();
        if !self.needed.is_empty() {
            found.push("needs");
            found.extend(self.needed.iter().map(String::as_str));
        }
        for child in &self.with {
            let lacks = child.outside();
            if !lacks.is_empty() {
                found.push(&child.binding);
                found.extend(lacks);
            }
        }
        found
    }

    /// Names of its binding and those of its children, in their order.
    pub(crate) fn bindings(&self) -> Vec<String> {
        let mut found = vec![self.binding.clone()];
        found.extend(self.with.iter().flat_map(Self::bindings));
        found
    }

    /// Whether it was looked at what values were passed, and not only at
    /// whether they are NULL: another call of the same form may mean something else.
    pub(crate) fn depends_on_values(&self, schema: &Schema) -> bool {
        let decides = |(name, passed): (&String, &Passed)| {
            let column = self.table.column(name);
            passed.each
                || column.is_none_or(|column| labels(schema, column).is_some())
                || self.table.keys.iter().any(|key| key.predicate_columns.contains(name))
                || self.table.checks.iter().any(|check| {
                    let mut others = check.columns.iter();
                    check.columns.contains(name) && others.any(|other| refers(&self.table, other))
                })
        };
        self.set.iter().any(decides) || self.with.iter().any(|one| one.depends_on_values(schema))
    }
}

/// A column that was passed: what of it is part of the shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Passed {
    /// Name of the argument.
    pub(crate) argument: String,
    /// Whether each row has its own value.
    pub(crate) each: bool,
    /// Whether NULL is among the values.
    pub(crate) null: bool,
}

/// Reads a call.
///
/// # Errors
/// `Config` for names that are not there, values that cannot be given, lists
/// of another length than there are rows.
pub(crate) fn wanted(
    schema: &Schema,
    settings: &Settings,
    predicates: &Predicates,
    call: &Call,
) -> Result<Wanted> {
    let mut reader = Reader { schema, settings, predicates, bindings: BTreeSet::new(), parts: 0 };
    let scope = call.scope.as_deref().unwrap_or("shared");
    reader.read(call, None, u64::from(call.count.unwrap_or(1)), scope, 0)
}

struct Reader<'a> {
    schema: &'a Schema,
    settings: &'a Settings,
    predicates: &'a Predicates,
    bindings: BTreeSet<String>,
    /// Parts of the call read so far.
    parts: usize,
}

impl Reader<'_> {
    fn read(
        &mut self,
        call: &Call,
        parent: Option<&str>,
        rows: u64,
        scope: &str,
        depth: usize,
    ) -> Result<Wanted> {
        if depth > DEEPEST {
            return Err(config(format!("`with` is nested more than {DEEPEST} levels deep")));
        }
        bounded(std::iter::once((call.table.as_str(), rows)))?;
        if call.count == Some(0) {
            let line = match parent {
                None => make_as(&call.table, "-n", "1"),
                Some(parent) => make_as(parent, "--with", &format!("{}=1", call.table)),
            };
            return Err(config(format!("no row of {} is asked for", call.table)).hint(line));
        }
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(config(format!("`with` names more than {MOST_PARTS} groups of children"))
                .hint(make_as(
                    parent.unwrap_or(&call.table),
                    "--with",
                    &format!("{}=3", call.table),
                )));
        }
        let line = |name: &str| match parent {
            None => make(name, None),
            Some(parent) => {
                make_as(parent, "--with", &format!("{name}={}", call.count.unwrap_or(1)))
            }
        };
        let named = table(self.schema, &call.table, &line)?;
        let (table, names) = base(self.schema, named)?;
        let shown = match &names {
            None => None,
            Some(names) => Some(shown(table, names).map_err(|why| {
                let there = |name: &String| names.get(name).map(String::as_str);
                let own = table.name.to_string();
                let line = match parent {
                    None => make_with(&own, &call.set.keys().filter_map(there).collect::<Vec<_>>()),
                    Some(_) => line(&own),
                };
                config(format!("no row can be made through the view {}: {why}", named.name))
                    .hint(line)
            })?),
        };
        rights(self.schema, if shown.is_some() { named } else { table }, call)?;
        let through = shown.is_some().then(|| named.name.clone());
        let table = shown.as_ref().unwrap_or(table);
        let binding = self.name(&table.name.to_string());
        let (mut set, mut values) = (BTreeMap::new(), Values::new());
        for (name, argument) in &call.set {
            let column = column(table, named, names.as_ref(), name)?;
            fits(self.schema, table, column, argument, rows)?;
            let passed = Passed {
                argument: parent.map_or_else(|| name.clone(), |_| format!("{binding}.{name}")),
                each: matches!(argument, Argument::Each(_)),
                null: match argument {
                    Argument::Same(value) => value.is_none(),
                    Argument::Each(values) => values.iter().any(Option::is_none),
                },
            };
            if set.insert(column.name.clone(), passed).is_some() {
                return Err(config(format!("column {} is passed twice", column.name)));
            }
            values.insert(&column.name, argument);
        }
        let mut key = Vec::new();
        for name in &call.key {
            let line = |near: &str| make_as(&named.name.to_string(), "--key", near);
            key.push(column_named(table, named, names.as_ref(), name, &line)?.name.clone());
        }
        let mut with = Vec::new();
        for child in &call.with {
            let rows = rows.saturating_mul(u64::from(child.count.unwrap_or(1)));
            with.push(self.read(child, Some(&binding), rows, scope, depth + 1)?);
        }
        let lacks = self.predicates.outside(self.schema, self.settings, table, &values);
        let needed = self.predicates.needed(self.schema, self.settings, table, &values);
        let mut table = table.clone();
        // For this call they must have a value.
        for column in table.columns.iter_mut().filter(|column| needed.contains(&column.name)) {
            column.not_null = true;
        }
        Ok(Wanted {
            binding,
            table: Arc::new(table),
            through,
            set,
            count: call.count,
            with,
            key,
            policy: call.policy,
            fresh: call.fresh,
            scope: scope.to_owned(),
            lacks,
            needed,
        })
    }

    fn name(&mut self, table: &str) -> String {
        let mut name = table.to_owned();
        let mut number = 2;
        while !self.bindings.insert(name.clone()) {
            name = format!("{table}#{number}");
            number += 1;
        }
        name
    }
}

/// The call's arguments by the names the plan knows them by; `bindings` are
/// those of [`Wanted::bindings`].
pub(crate) fn arguments(call: &Call, bindings: &[String]) -> BTreeMap<String, Argument> {
    let mut found = BTreeMap::new();
    collect(call, &mut bindings.iter(), false, &mut found);
    found
}

fn collect<'a>(
    call: &Call,
    bindings: &mut impl Iterator<Item = &'a String>,
    child: bool,
    found: &mut BTreeMap<String, Argument>,
) {
    let Some(binding) = bindings.next() else { return };
    for (name, argument) in &call.set {
        let name = if child { format!("{binding}.{name}") } else { name.clone() };
        found.insert(name, argument.clone());
    }
    for call in &call.with {
        collect(call, bindings, true, found);
    }
}

fn table<'a>(schema: &'a Schema, name: &str, line: &dyn Fn(&str) -> String) -> Result<&'a Table> {
    match schema.find(name) {
        Lookup::Found(table) => Ok(table),
        Lookup::Ambiguous(several) => {
            let failure = config(format!("there are several tables named {name}"));
            Err(several.into_iter().fold(failure, |failure, table| {
                let TableName { schema, name } = &table.name;
                failure.hint(line(&format!("{schema}.{name}")))
            }))
        }
        Lookup::Unknown(near) => {
            let failure = match schema.other(name) {
                Some(what) => config(format!("{name} is {what}: no row can be made in it")),
                None => config(format!("there is no table {name}")),
            };
            Err(near.iter().fold(failure, |failure, near| failure.hint(line(near))))
        }
    }
}

/// Names of a view's columns in its base table.
type Names = BTreeMap<String, String>;

/// The table that takes a view's rows, and what its columns are called there.
fn base<'a>(schema: &'a Schema, named: &'a Table) -> Result<(&'a Table, Option<Names>)> {
    let (mut table, mut names): (&Table, Option<Names>) = (named, None);
    for _ in 0..=schema.tables.len() {
        if table.kind != seedbed_schema::TableKind::View {
            return Ok((table, names));
        }
        let below = table.view.as_ref().and_then(|view| Some((view, schema.table(&view.base)?)));
        let Some((view, below)) = below else { break };
        names = Some(match names {
            None => view.columns.clone(),
            Some(names) => names
                .into_iter()
                .filter_map(|(here, there)| Some((here, view.columns.get(&there)?.clone())))
                .collect(),
        });
        table = below;
    }
    Err(config(format!("no row can be made through the view {}", named.name)).detail(
        "A row is made through a view of one table, without triggers and rules of its own.",
    ))
}

/// A base table as a view shows it, if statements can be about the view: its
/// conditions and rights count then, and the table's keys. Not where columns
/// have other names, or one that rows need is hidden: why not, then. The table
/// itself is not meant by who names the view.
fn shown(table: &Table, names: &Names) -> std::result::Result<Table, String> {
    let own = &table.name;
    if let Some((here, there)) = names.iter().find(|(here, there)| here != there) {
        return Err(format!("its {here} is {there} of {own}"));
    }
    let is_shown = |name: &str| names.contains_key(name);
    let needed = |column: &&Column| column.is_required() && !is_shown(&column.name);
    if let Some(hidden) = table.columns.iter().find(needed) {
        return Err(format!("it hides {} of {own}, which a row must have", hidden.name));
    }
    if !table.primary_key().is_some_and(|key| key.columns().all(is_shown)) {
        return Err(format!("it does not show a primary key of {own}"));
    }
    let all = |names: &[String]| names.iter().all(|name| is_shown(name));
    let mut shown = table.clone();
    shown.columns.retain(|column| is_shown(&column.name));
    shown.keys.retain(|key| key.columns().all(is_shown) && all(&key.predicate_columns));
    shown.checks.retain(|check| all(&check.columns));
    shown.exclusions.retain(|one| one.parts.iter().all(|part| all(&part.columns)));
    shown.foreign_keys.retain(|foreign| all(&foreign.columns));
    Ok(shown)
}

fn rights(schema: &Schema, table: &Table, call: &Call) -> Result<()> {
    let lacking: Vec<&str> = [(table.may_select, "SELECT"), (table.may_insert, "INSERT")]
        .into_iter()
        .filter_map(|(may, right)| (!may).then_some(right))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let rights = lacking.join(", ");
    // Who grants is another role: its name must stand there.
    let role = schema.role.as_deref();
    let (who, role) =
        (role.unwrap_or("the connected role"), role.map_or("CURRENT_USER".to_owned(), quote));
    Err(config(format!("{who} has no right to {rights} on {}", call.table))
        .hint(format!("GRANT {rights} ON {} TO {role}", table.name.sql())))
}

fn column<'a>(
    table: &'a Table,
    named: &Table,
    names: Option<&Names>,
    name: &str,
) -> Result<&'a Column> {
    let line = |near: &str| make(&named.name.to_string(), Some((near, "…")));
    let column = column_named(table, named, names, name, &line)?;
    if column.generated.is_some() {
        return Err(config(format!(
            "{}.{} is computed by the database and takes no value",
            named.name, column.name
        )));
    }
    Ok(column)
}

fn column_named<'a>(
    table: &'a Table,
    named: &Table,
    names: Option<&Names>,
    name: &str,
    line: &dyn Fn(&str) -> String,
) -> Result<&'a Column> {
    let known = |exact: bool| {
        let mut fits = named.columns.iter().filter(|column| {
            if exact { column.name == name } else { column.name.eq_ignore_ascii_case(name) }
        });
        fits.next().filter(|_| fits.next().is_none())
    };
    let found = known(true).or_else(|| known(false)).and_then(|column| match names {
        None => table.column(&column.name),
        Some(names) => names.get(&column.name).and_then(|there| table.column(there)),
    });
    found.ok_or_else(|| {
        let columns = named.columns.iter().map(|column| column.name.as_str());
        let near = near(name, columns.clone());
        let meant = match near.as_slice() {
            [near] => format!(": did you mean {near}?"),
            _ => String::new(),
        };
        let failure = config(format!("{} has no column {name}{meant}", named.name));
        if near.is_empty() {
            let all: Vec<&str> = columns.collect();
            let writable = named.columns.iter().filter(|column| column.is_writable());
            let writable = writable.filter(|column| !column.is_surrogate());
            let few: Vec<&str> = writable.map(|column| column.name.as_str()).take(FEW).collect();
            return failure
                .detail(format!("its columns: {}", all.join(", ")))
                .hint(make_with(&named.name.to_string(), &few));
        }
        near.iter().fold(failure, |failure, near| failure.hint(line(near)))
    })
}

/// What can be said of values without a server: how many there are, NULL where
/// none may be, labels no enum has.
fn fits(
    schema: &Schema,
    table: &Table,
    column: &Column,
    argument: &Argument,
    rows: u64,
) -> Result<()> {
    let place = || format!("{}.{}", table.name, column.name);
    let values = match argument {
        Argument::Same(value) => std::slice::from_ref(value),
        Argument::Each(values) if values.len() as u64 == rows => values.as_slice(),
        Argument::Each(values) => {
            let message = format!("{} has {} values for {rows} rows", place(), values.len());
            let line = make_with(&table.name.to_string(), &[&column.name]);
            return Err(config(message).hint(format!("{line} -n {rows}")));
        }
    };
    if column.not_null && values.iter().any(Option::is_none) {
        return Err(config(format!("{} cannot be NULL", place())));
    }
    let Some(labels) = labels(schema, column) else { return Ok(()) };
    for value in values.iter().flatten() {
        if !labels.contains(value) {
            let failure = config(format!("{} takes one of {}", place(), labels.join(", ")));
            let near = near(value, labels.iter().map(String::as_str));
            let table = table.name.to_string();
            return Err(near.iter().fold(failure, |failure, near| {
                failure.hint(make(&table, Some((&column.name, near))))
            }));
        }
    }
    Ok(())
}

/// The labels of an enum's column.
fn labels<'a>(schema: &'a Schema, column: &Column) -> Option<&'a [String]> {
    let TypeShape::Named(name) = &column.data_type.shape else { return None };
    match schema.named_type(name) {
        Some(NamedType::Enum(labels)) => Some(labels),
        _ => None,
    }
}

/// The caller can mend it.
pub(crate) fn config(message: String) -> Failure {
    Failure::new(Kind::Config, message)
}
