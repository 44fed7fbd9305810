//! The stub file: two classes for each table that takes rows, and `Make`.
//!
//! *Invariant*: the same schema is the same text, on every machine.

use std::collections::BTreeMap;

use seedbed_schema::{Lookup, Schema, Table, TableKind, TableName};

use super::identifier::{ClassNames, is_identifier, literal};
use super::table::{self, Names};

const HEAD: &str = "\
# Written by `seedbed types python` from the schema of the project's database: do not edit.
#
#     if TYPE_CHECKING:
#         from seedbed_types import Make
#
#     def test_something(make: \"Make\") -> None: ...
#
# On a connection of asyncio it is AsyncMake, whose calls are awaited.
# fmt: off
# ruff: noqa
from builtins import bool as _bool
from builtins import bytearray as _bytearray
from builtins import bytes as _bytes
from builtins import float as _float
from builtins import int as _int
from builtins import list as _list
from builtins import property as _property
from builtins import str as _str
from collections.abc import Awaitable as _Awaitable
from collections.abc import Callable as _Callable
from collections.abc import Sequence as _Sequence
from datetime import date as _date
from datetime import datetime as _datetime
from datetime import time as _time
from datetime import timedelta as _timedelta
from decimal import Decimal as _Decimal
from enum import Enum as _Enum
from typing import Any as _Any
from typing import Literal as _Literal
from typing import overload as _overload
from uuid import UUID as _UUID

from seedbed import Lease as _Lease
from seedbed import Row as _Row
from typing_extensions import Protocol as _Protocol
from typing_extensions import Self as _Self
from typing_extensions import TypedDict as _TypedDict
from typing_extensions import Unpack as _Unpack

class _Awaiting(_Protocol):
    @_property
    def execute(self) -> _Callable[..., _Awaitable[_Any]]: ...

class _RowOfTable(_Row):
    # What is no column is an error, although a row of any table finds its columns by it.
    __getattr__: None  # type: ignore
";

/// Names a maker has for itself.
const OF_MAKE: [&str; 7] =
    ["lease", "connection", "created", "on", "perform", "build", "connected"];

/// The text of the stub file.
#[must_use]
pub fn stub(schema: &Schema) -> String {
    let mut classes = ClassNames::new();
    let tables: Vec<&Table> = schema.tables.values().filter(|table| takes_rows(table)).collect();
    let names: Names<'_> =
        tables.iter().map(|table| (&table.name, classes.take(&table.name))).collect();
    let mut text = HEAD.to_owned();
    for table in &tables {
        table::write(&mut text, schema, table, &names);
    }
    let ways: Vec<Way<'_>> = tables.iter().map(|table| Way::to(schema, &table.name)).collect();
    for (maker, prefix) in [("Make", ""), ("AsyncMake", "Async")] {
        write_maker(&mut text, maker, prefix, &ways, &names);
    }
    text
}

/// Partitions get their rows through the whole.
fn takes_rows(table: &Table) -> bool {
    table.may_insert && table.kind != TableKind::Partition
}

/// What leads to a table.
struct Way<'a> {
    table: &'a TableName,
    attribute: Option<&'a str>,
    items: Vec<String>,
}

impl<'a> Way<'a> {
    fn to(schema: &Schema, table: &'a TableName) -> Self {
        let alone = means(schema, &table.name, table);
        let qualified = format!("{}.{}", table.schema, table.name);
        let items = [Some(table.name.clone()).filter(|_| alone), Some(qualified)];
        let attribute = Some(table.name.as_str())
            .filter(|name| alone && is_identifier(name) && !OF_MAKE.contains(name));
        Self { table, attribute, items: items.into_iter().flatten().collect() }
    }
}

/// Whether a call of this name is one of this table.
pub(super) fn means(schema: &Schema, name: &str, table: &TableName) -> bool {
    matches!(schema.find(name), Lookup::Found(found) if found.name == *table)
}

fn write_maker(text: &mut String, maker: &str, prefix: &str, ways: &[Way<'_>], names: &Names<'_>) {
    let class = |way: &Way<'_>| format!("{prefix}{}", names[way.table]);
    text.push_str(&format!(
        "\nclass {maker}:\n    lease: _Lease\n    connection: _Any\n    @_property\n    \
         def connected(self) -> _bool: ...\n    @_overload\n    \
         def on(self, connection: _Awaiting) -> AsyncMake: ...  \
         # pyright: ignore[reportOverlappingOverload]\n    @_overload\n    \
         def on(self, connection: _Any) -> Make: ...\n"
    ));
    let by_attribute: BTreeMap<&str, String> =
        ways.iter().filter_map(|way| Some((way.attribute?, class(way)))).collect();
    for (attribute, class) in by_attribute {
        text.push_str(&format!("    @_property\n    def {attribute}(self) -> {class}: ...\n"));
    }
    for way in ways {
        if ways.len() > 1 {
            text.push_str("    @_overload\n");
        }
        let items: Vec<String> = way.items.iter().map(|item| literal(item)).collect();
        let (items, class) = (items.join(", "), class(way));
        text.push_str(&format!(
            "    def __getitem__(self, table: _Literal[{items}]) -> {class}: ...\n"
        ));
    }
}
