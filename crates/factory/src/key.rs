//! Which unique key identifies the rows of a call, and why the others do not.
//!
//! In order: the key the call names; keys of which every column is passed; keys
//! of which every column is passed or refers to a parent; keys whose other
//! columns are generated from the row's ordinal. A surrogate key says nothing
//! about a row and takes part only when it is passed. Several keys that are all
//! passed identify together: one row must have them all. A table without a
//! usable key is found by content.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_api::{Failure, Result};
use seedbed_model::{Fill, TableModel, is_total};
use seedbed_schema::{
    Base, Column, KeyPart, NamedType, Schema, Table, TypeRef, TypeShape, UniqueKey,
};

use crate::computed::{source, word};
use crate::explanation::Lost;
use crate::line::make_with;
use crate::sql::Comparison;
use crate::wanted::{Passed, config};

/// What a row is found by.
#[derive(Clone, Debug)]
pub(crate) struct Identifier {
    /// The index; absent where rows are found by content.
    pub(crate) index: Option<String>,
    /// Columns or expressions.
    pub(crate) parts: Vec<KeyPart>,
    /// The condition of a partial index, and the columns it mentions.
    pub(crate) predicate: Option<(String, Vec<String>)>,
    /// Whether `ON CONFLICT` can name it.
    pub(crate) arbiter: bool,
}

impl Identifier {
    fn of(key: &UniqueKey) -> Self {
        Self {
            index: Some(key.name.clone()),
            parts: key.parts.clone(),
            predicate: key.predicate.clone().map(|text| (text, key.predicate_columns.clone())),
            arbiter: key.immediate,
        }
    }

    /// Every column that decides about it.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| part.columns.iter().map(String::as_str))
    }

    /// Whether this column is in it.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns().any(|own| own == column)
    }

    /// Expressions in it that may be NULL although their columns are not.
    pub(crate) fn doubtful<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a KeyPart> {
        let parts = self.parts.iter().filter(|part| part.column.is_none());
        parts.filter(|part| !is_total(table, source(table, part)))
    }

    /// As people write it.
    pub(crate) fn words(&self) -> Vec<String> {
        self.parts.iter().map(word).collect()
    }
}

/// What identifies a row, and how that was decided.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The first is the conflict target; none of them is ever updated, and a
    /// row must have them all.
    pub(crate) identifiers: Vec<Identifier>,
    /// Keys beside a named one that were passed completely: they are looked up,
    /// so that a row that has them under another key is seen.
    pub(crate) also: Vec<Identifier>,
    /// Keys that are generated like the first: a trigger may write another
    /// value into that one, and the row is found by any of them then.
    pub(crate) tied: Vec<Identifier>,
    /// In one sentence.
    pub(crate) why: String,
    pub(crate) lost: Vec<Lost>,
}

impl Choice {
    /// The one that decides.
    pub(crate) fn first(&self) -> &Identifier {
        &self.identifiers[0]
    }

    /// Whether rows are found by content.
    pub(crate) fn is_content(&self) -> bool {
        self.first().index.is_none()
    }
}

/// What is asked: a table, and what is known of its rows.
pub(crate) struct Asked<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) table: &'a Table,
    pub(crate) model: &'a TableModel,
    /// Columns that were passed, or are given by a row made before.
    pub(crate) set: &'a BTreeMap<String, Passed>,
    pub(crate) given: &'a BTreeSet<String>,
    /// Partial keys that the rows do not have.
    pub(crate) lacks: &'a BTreeSet<String>,
    /// `key` of the call.
    pub(crate) key: &'a [String],
    /// Whether several rows are made at once.
    pub(crate) many: bool,
    /// Whether they are never looked up.
    pub(crate) fresh: bool,
}

/// How much of a key is known, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// All of it is passed.
    Passed,
    /// It is passed or refers to parents.
    WithParents,
    /// Some of it is generated.
    Generated,
}

/// Decides.
///
/// # Errors
/// `Config` when the named key is none or cannot be used, when several keys
/// fit equally, or when nothing can identify rows.
pub(crate) fn choose(asked: &Asked<'_>) -> Result<Choice> {
    if !asked.key.is_empty() {
        return named(asked);
    }
    let mut lost = Vec::new();
    let mut usable: Vec<(Known, &UniqueKey)> = Vec::new();
    for key in &asked.table.keys {
        match asked.standing(key) {
            Ok(known) => usable.push((known, key)),
            Err(why) => lost.push(lose(key, why)),
        }
    }
    usable.sort_by_cached_key(|(known, key)| asked.order(*known, key));
    let Some((best, first)) = usable.first().copied() else {
        return content(asked, lost);
    };
    let (level, rest): (Vec<_>, Vec<_>) = usable.iter().copied().partition(|(known, key)| {
        *known == best && (best != Known::Generated && asked.mentions(key))
    });
    if best == Known::WithParents && level.len() > 1 {
        return Err(ambiguous(asked.table, level.iter().map(|(_, key)| *key)));
    }
    let surrogate = level.iter().find(|(_, key)| asked.is_surrogate(key)).map(|(_, key)| *key);
    let (identifiers, why) = match (best, surrogate) {
        (Known::Passed, Some(key)) => {
            for (_, other) in level.iter().filter(|(_, other)| other.name != key.name) {
                lost.push(lose(other, "the surrogate key was passed as well".to_owned()));
            }
            (vec![Identifier::of(key)], "it was passed".to_owned())
        }
        (Known::Passed, None) => {
            let all: Vec<Identifier> = level.iter().map(|(_, key)| Identifier::of(key)).collect();
            let why = if all.len() > 1 {
                "every key that was passed identifies: a row must have them all"
            } else {
                "all of it was passed"
            };
            (all, why.to_owned())
        }
        (Known::WithParents, _) => {
            (vec![Identifier::of(first)], "it was passed, or refers to parents".to_owned())
        }
        (Known::Generated, _) => {
            let drawn = first.columns().any(|name| asked.is_drawn(name));
            let why = match drawn && !asked.set.is_empty() {
                true => "no other key can be used; its values come from what was passed",
                false => "its values come from the row's ordinal",
            };
            (vec![Identifier::of(first)], why.to_owned())
        }
    };
    let tied = if best == Known::Generated { asked.tied(first, &usable) } else { Vec::new() };
    for (known, key) in rest.iter().filter(|(_, key)| key.name != identifiers[0].name()) {
        let why = match (best, known) {
            _ if tied.iter().any(|one| one.name() == key.name) => {
                "another comes first; the row is found by this one too, should a trigger write \
                 its own value into that"
            }
            (Known::Generated, _) => {
                "another comes first: keys that no trigger writes do, then those that are no mere \
                 id, then NOT NULL and complete ones, then the primary key, then short ones, then \
                 by name"
            }
            (_, Known::Generated) => "not all of its columns were passed",
            _ => "another was passed more completely",
        };
        lost.push(lose(key, why.to_owned()));
    }
    Ok(Choice { identifiers, also: Vec::new(), tied, why, lost })
}

impl Identifier {
    fn name(&self) -> &str {
        self.index.as_deref().unwrap_or_default()
    }
}

impl Asked<'_> {
    fn is_set(&self, column: &str) -> bool {
        self.set.contains_key(column) || self.given.contains(column)
    }

    fn is_surrogate(&self, key: &UniqueKey) -> bool {
        key.columns().any(|name| self.column_is_surrogate(name))
    }

    fn column_is_surrogate(&self, name: &str) -> bool {
        // What is drawn from a sequence and refers to a parent is the parent's.
        self.table.column(name).is_some_and(|column| column.is_surrogate())
            && !self.is_parents(name)
    }

    /// Whether some foreign key would give the column its value.
    fn is_parents(&self, name: &str) -> bool {
        self.table.foreign_keys.iter().any(|foreign| {
            foreign.enforced
                && foreign.parent != self.table.name
                && foreign.columns.iter().any(|column| column == name)
                && self.schema.table(&foreign.parent).is_some()
        })
    }

    /// Whether the column would refer to a row of its own table and need not: the
    /// row that is the first of its kind refers to none.
    fn stays_null(&self, name: &str) -> bool {
        let optional = self.table.column(name).is_some_and(|column| {
            !column.not_null && column.default.is_none() && column.identity.is_none()
        });
        optional && matches!(self.fill(name), Some(Fill::Database)) && self.refers(name)
    }

    /// Whether any of its columns was passed.
    fn mentions(&self, key: &UniqueKey) -> bool {
        key.columns().any(|name| self.is_set(name))
    }

    /// How much of a key is known, or why it cannot be used.
    fn standing(&self, key: &UniqueKey) -> std::result::Result<Known, String> {
        let mut known = Known::Passed;
        for name in key.columns() {
            let Some(column) = self.table.column(name) else {
                return Err(format!("it is about {name}, which is no column"));
            };
            if column.generated.is_some() {
                return Err(format!("{name} is computed by the database"));
            }
            if let Some(passed) = self.set.get(name) {
                if passed.null && !key.nulls_not_distinct {
                    return Err(format!("{name} is NULL, and NULL is equal to nothing in it"));
                }
                continue;
            }
            if self.given.contains(name) {
                continue;
            }
            if self.is_parents(name) {
                known = known.max(Known::WithParents);
                continue;
            }
            if self.is_replaced(name) {
                return Err(format!("{name} is written by a trigger and was not passed"));
            }
            if self.column_is_surrogate(name) {
                return Err(format!("{name} is drawn by the database and was not passed"));
            }
            if self.stays_null(name) {
                let why = "may refer to a row of its own table, and is NULL unless it is passed";
                return Err(format!("{name} {why}"));
            }
            if let Some(Fill::Impossible { why, .. }) = self.fill(name) {
                return Err(format!("{name} was not passed, and {why}"));
            }
            known = Known::Generated;
        }
        if let Some(name) = key.parts.iter().find_map(|part| self.is_extracted(part)) {
            return Err(format!("what it takes out of {name}, which was not passed, may be NULL"));
        }
        if let Some(predicate) = key.predicate.as_ref().filter(|_| self.lacks.contains(&key.name)) {
            return Err(self.outside(predicate, &key.predicate_columns));
        }
        let nothing_passed = known == Known::WithParents && !self.mentions(key);
        Ok(if nothing_passed { Known::Generated } else { known })
    }

    /// The document that an expression takes something out of, if it would be made:
    /// nobody knows what has to be in it.
    fn is_extracted<'a>(&self, part: &'a KeyPart) -> Option<&'a str> {
        if part.column.is_some() || is_total(self.table, source(self.table, part)) {
            return None;
        }
        let is_document = |name: &str| {
            let shape = self.table.column(name).map(|column| &column.data_type.shape);
            matches!(shape, Some(TypeShape::Base(Base::Json | Base::Jsonb | Base::Xml)))
        };
        let mut columns = part.columns.iter().map(String::as_str);
        columns.find(|name| !self.is_set(name) && is_document(name))
    }

    /// Why a partial key is none of the rows', and what would make it one.
    fn outside(&self, predicate: &str, columns: &[String]) -> String {
        let default = columns.iter().filter(|name| !self.is_set(name)).find_map(|name| {
            let default = self.table.column(name)?.default.as_ref()?;
            Some(format!(" ({name} is {default} by default)"))
        });
        format!("the row is outside its predicate `{predicate}`{}", default.unwrap_or_default())
    }

    /// Keys beside the generated one whose values are generated as well, where
    /// a trigger may rewrite them.
    fn tied(&self, first: &UniqueKey, usable: &[(Known, &UniqueKey)]) -> Vec<Identifier> {
        if !self.table.triggers.iter().any(|trigger| trigger.on_insert) {
            return Vec::new();
        }
        let generated = |name: &str| matches!(self.fill(name), Some(Fill::Generate(_)));
        let is_tied = |key: &&UniqueKey| {
            key.name != first.name
                && key.predicate.is_none()
                && key
                    .columns()
                    .all(|name| first.columns().any(|own| own == name) || generated(name))
        };
        let keys = usable.iter().filter(|(known, _)| *known == Known::Generated);
        keys.map(|(_, key)| *key).filter(is_tied).map(Identifier::of).collect()
    }

    /// Whether a trigger gives the column another value in any case.
    fn is_replaced(&self, name: &str) -> bool {
        let mut triggers = self.table.triggers.iter().filter(|trigger| trigger.on_insert);
        triggers.any(|trigger| trigger.replaces.iter().any(|own| own == name))
    }

    /// Whether a trigger may write its own value into the column.
    fn is_rewritten(&self, name: &str) -> bool {
        let mut triggers = self.table.triggers.iter().filter(|trigger| trigger.on_insert);
        triggers.any(|trigger| trigger.writes.iter().any(|own| own == name))
    }

    fn fill(&self, name: &str) -> Option<&Fill> {
        self.model.columns.iter().find(|column| column.name == name).map(|column| &column.fill)
    }

    /// Whether an id is to be made for the column, as the application would.
    fn is_drawn(&self, name: &str) -> bool {
        !self.is_set(name) && !self.refers(name) && is_drawn(self.table, self.model, name)
    }

    /// Better keys first.
    fn order(&self, known: Known, key: &UniqueKey) -> (Known, [bool; 6], usize, String) {
        let rewritten = key.columns().any(|name| !self.is_set(name) && self.is_rewritten(name));
        let nullable = key
            .columns()
            .any(|name| !self.is_set(name) && self.table.column(name).is_none_or(|c| !c.not_null));
        let drawn = key.columns().any(|name| self.is_drawn(name));
        let partial = key.predicate.is_some();
        let worse = [rewritten, drawn, nullable, partial, !key.is_plain(), !key.primary];
        (known, worse, key.parts.len(), key.name.clone())
    }
}

/// Whether the application draws the column's values, as others let the database
/// do: an id without a default, which says nothing about the row.
pub(crate) fn is_drawn(table: &Table, model: &TableModel, name: &str) -> bool {
    const IDS: [&str; 5] = ["id", "uuid", "guid", "ulid", "cuid"];
    let is_id = || IDS.iter().any(|id| name.trim_matches('_').eq_ignore_ascii_case(id));
    let in_primary = table.primary_key().is_some_and(|key| key.columns().any(|own| own == name));
    let Some(column) = table.column(name).filter(|_| in_primary) else { return false };
    let fits = match &column.data_type.shape {
        TypeShape::Base(Base::Uuid) => true,
        TypeShape::Base(
            Base::Text | Base::Varchar | Base::Bpchar | Base::Int4 | Base::Int8 | Base::Numeric,
        ) => is_id(),
        _ => false,
    };
    // Of few values, each means something.
    let wide = model.domain(name).is_none_or(|domain| domain >= 1 << 30);
    fits && wide && column.is_required()
}

fn named(asked: &Asked<'_>) -> Result<Choice> {
    let wanted: BTreeSet<&str> = asked.key.iter().map(String::as_str).collect();
    let is = |key: &&UniqueKey| key.columns().collect::<BTreeSet<_>>() == wanted;
    let table = asked.table;
    let fitting: Vec<&UniqueKey> = table.keys.iter().filter(is).collect();
    let mut refusal = None;
    // A full index comes before a partial one over the same columns.
    let mut candidates: Vec<_> = fitting
        .iter()
        .filter_map(|key| match asked.standing(key) {
            Ok(known) => Some((asked.order(known, key), *key)),
            Err(why) => {
                refusal = Some(why);
                None
            }
        })
        .collect();
    candidates.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some((_, key)) = candidates.first() {
        let others = table.keys.iter().filter(|other| other.name != key.name);
        // Other keys that were passed completely are looked up too, so that a
        // row that has only one of them is seen; not beside a key with a parent
        // that is looked up itself, which those statements do not have.
        let joins = key.columns().any(|name| !asked.is_set(name) && asked.is_parents(name));
        let also: Vec<&UniqueKey> = others
            .clone()
            .filter(|_| !joins)
            .filter(|other| matches!(asked.standing(other), Ok(Known::Passed)))
            .filter(|other| !asked.is_surrogate(other) && other.predicate.is_none())
            .collect();
        let lost = others
            .filter(|other| !also.iter().any(|one| one.name == other.name))
            .map(|other| lose(other, "the call names another key".to_owned()))
            .collect();
        return Ok(Choice {
            identifiers: vec![Identifier::of(key)],
            also: also.into_iter().map(Identifier::of).collect(),
            tied: Vec::new(),
            why: "the call names it".to_owned(),
            lost,
        });
    }
    let columns = asked.key.join(", ");
    if let Some(why) = refusal {
        let failure =
            config(format!("the key ({columns}) of {} cannot be used: {why}", table.name));
        let lacking: Vec<&str> =
            asked.key.iter().map(String::as_str).filter(|name| !asked.is_set(name)).collect();
        if lacking.is_empty() {
            return Err(failure);
        }
        return Err(failure.hint(make_with(&table.name.to_string(), &lacking)));
    }
    let failure = config(format!("({columns}) is not unique in {}", table.name));
    let usable = table.keys.iter().filter(|key| asked.standing(key).is_ok());
    let options: BTreeSet<String> = usable.map(option).collect();
    let failure = options.into_iter().fold(failure, Failure::hint);
    let columns: Vec<String> = asked.key.iter().map(|name| seedbed_schema::quote(name)).collect();
    let (name, columns) = (table.name.sql(), columns.join(", "));
    Err(failure.hint(format!("CREATE UNIQUE INDEX ON {name} ({columns})")))
}

/// A row that no key identifies is found by content: by what was passed and
/// the parents; where nothing was passed, or where there are several, by the
/// one generated column that tells rows apart best. One is enough, since it is
/// made unique, and the fewer there are, the less a trigger or the application
/// can change them.
fn content(asked: &Asked<'_>, lost: Vec<Lost>) -> Result<Choice> {
    let table = asked.table;
    let nothing_passed = asked.set.is_empty() && asked.given.is_empty();
    let mut columns: Vec<&str> = Vec::new();
    if nothing_passed || asked.many || asked.fresh {
        columns.extend(asked.telling());
    }
    for column in &table.columns {
        let name = column.name.as_str();
        let parent = matches!(asked.fill(name), Some(Fill::Parent { .. }))
            && column.not_null
            && asked.is_parents(name);
        let alone = nothing_passed && !columns.is_empty();
        if asked.is_set(name) || (parent && !alone && !columns.contains(&name)) {
            columns.push(name);
        }
    }
    if columns.is_empty() && asked.many && !asked.fresh {
        let message = format!("nothing tells several rows of {} apart", table.name);
        return Err(config(message).hint("--fresh"));
    }
    let part = |name: &str| KeyPart {
        column: Some(name.to_owned()),
        expression: seedbed_schema::quote(name),
        columns: vec![name.to_owned()],
    };
    let identifier = Identifier {
        index: None,
        parts: columns.into_iter().map(part).collect(),
        predicate: None,
        arbiter: false,
    };
    let why = "no unique key can be used, so rows are found by comparing this";
    Ok(Choice {
        identifiers: vec![identifier],
        also: Vec::new(),
        tied: Vec::new(),
        why: why.to_owned(),
        lost,
    })
}

impl Asked<'_> {
    /// The column whose generated values tell rows apart best: one that must
    /// have a value before one that may stay NULL, a text before a number, no
    /// small domain.
    fn telling(&self) -> Option<&str> {
        let rank = |column: &Column| {
            let name = column.name.as_str();
            let required = match self.fill(name) {
                Some(Fill::Generate(_)) => true,
                Some(Fill::Database) => false,
                _ => return None,
            };
            let usable = column.is_writable()
                && !column.is_surrogate()
                && !self.is_set(name)
                && !self.refers(name)
                && matches!(Comparison::of(self.schema, &column.data_type), Comparison::Native(_));
            let scarce = self.model.domain(name).is_some();
            usable.then(|| {
                (
                    self.is_rewritten(name),
                    !required,
                    scarce,
                    self.kind(&column.data_type),
                    column.number,
                )
            })
        };
        let ranked = self.table.columns.iter().filter_map(|column| Some((rank(column)?, column)));
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, column)| column.name.as_str())
    }

    /// Whether the column refers to any row, of its own table too.
    fn refers(&self, name: &str) -> bool {
        let mut keys = self.table.foreign_keys.iter();
        keys.any(|foreign| foreign.columns.iter().any(|column| column == name))
    }

    /// Types by how well their values tell rows apart.
    fn kind(&self, data_type: &TypeRef) -> u8 {
        match &data_type.shape {
            TypeShape::Base(Base::Text | Base::Varchar | Base::Citext) => {
                if data_type.length.is_some_and(|length| length < 8) { 3 } else { 0 }
            }
            TypeShape::Base(Base::Uuid) => 1,
            TypeShape::Base(Base::Int4 | Base::Int8 | Base::Numeric) => 2,
            TypeShape::Base(Base::Date | Base::Timestamp | Base::Timestamptz) => 4,
            // Written by triggers everywhere.
            TypeShape::Base(Base::Tsvector) => 9,
            TypeShape::Named(name) => match self.schema.named_type(name) {
                Some(NamedType::Domain { base, .. }) => self.kind(base),
                _ => 6,
            },
            _ => 5,
        }
    }
}

fn ambiguous<'a>(table: &Table, keys: impl Iterator<Item = &'a UniqueKey>) -> Failure {
    let message = format!("several unique keys could identify the rows of {}", table.name);
    let options: BTreeSet<String> = keys.map(option).collect();
    options.into_iter().fold(config(message), Failure::hint)
}

fn lose(key: &UniqueKey, why: String) -> Lost {
    Lost { index: key.name.clone(), columns: key.parts.iter().map(word).collect(), why }
}

/// What to write to choose a key.
pub(crate) fn option(key: &UniqueKey) -> String {
    let columns: BTreeSet<&str> = key.columns().collect();
    format!("--key {}", columns.into_iter().collect::<Vec<_>>().join(","))
}
