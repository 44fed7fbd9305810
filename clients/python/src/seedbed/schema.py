"""What is known of a database's tables: columns, types and foreign keys, as the service reads them.

Invariant: asked for only where a call cannot be written without it (a row as a parent, a list as a value), and once
for each template; asked for again when a name is not there, for a test may have changed the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .lease import Lease

_KEY = "schema"


@dataclass(frozen=True)
class ForeignKey:
    """`columns` refer to the columns `references` of `table`, which is named as calls write it."""

    name: str
    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table: its name as calls write it, the types of its columns by name, its foreign keys."""

    name: str
    columns: dict[str, str]
    foreign_keys: tuple[ForeignKey, ...]


def table_of(lease: Lease, name: str) -> Table | None:
    """The table of this name; None if there is none, which the service says better when it is asked for a plan."""
    tables = lease.memory.get(_KEY)
    if tables is None or name not in tables:
        tables = lease.memory[_KEY] = _read(lease.schema())
    found: Table | None = tables.get(name)
    return found


def type_of(lease: Lease, table: str, column: str) -> str | None:
    """The type of a column as the server writes it; None if there is no such column."""
    known = table_of(lease, table)
    if known is not None and column not in known.columns:
        lease.memory.pop(_KEY, None)
        known = table_of(lease, table)
    return None if known is None else known.columns.get(column)


def _read(said: dict[str, Any]) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for table in said["tables"]:
        schema, name = table["schema"], table["name"]
        keys = tuple(
            ForeignKey(key["name"], tuple(key["columns"]), key["table"], tuple(key["references"]))
            for key in table["foreign_keys"]
        )
        columns = {column["name"]: column["type"] for column in table["columns"]}
        qualified = f"{schema}.{name}"
        tables[qualified] = Table(name if schema == "public" else qualified, columns, keys)
    for table in said["tables"]:
        # A name alone is enough where only one schema has it.
        tables.setdefault(table["name"], tables[f"{table['schema']}.{table['name']}"])
    for schema in reversed(said["search_path"]):
        here = [table["name"] for table in said["tables"] if table["schema"] == schema]
        tables.update({name: tables[f"{schema}.{name}"] for name in here})
    return tables
