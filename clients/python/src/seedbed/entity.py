"""Objects of SQLAlchemy and Django as parents: which table they are of, and what their columns hold.

Told by what the libraries put on every such object; neither is imported. Invariant: an object that has no row yet is
refused, for its key would be made up.
"""

# These names are the libraries' own marks.
# ruff: noqa: SLF001
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import CannotMake

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PLAIN = frozenset({str, int, float, bool, bytes, list, tuple, dict})


def is_entity(value: Any) -> bool:
    """Whether it is an object that stands for a row."""
    kind = type(value)
    if kind in _PLAIN:
        return False
    return hasattr(value, "_sa_instance_state") or (hasattr(kind, "_meta") and hasattr(value, "pk"))


def is_of(value: Any, table: str) -> bool:
    """Whether it stands for a row of a table, whose name is as calls write it."""
    if hasattr(value, "_sa_instance_state"):
        tables: Iterable[tuple[str | None, str]] = [
            (getattr(one, "schema", None), str(getattr(one, "name", "")))
            for one in value._sa_instance_state.mapper.tables
        ]
    else:
        models = [value._meta, *(parent._meta for parent in value._meta.get_parent_list())]
        tables = [(None, meta.db_table.replace('"', "").rpartition(".")[2]) for meta in models]
    schema, _, name = table.rpartition(".")
    return any(own == name and (of is None or of == (schema or "public")) for of, own in tables)


def columns_of(value: Any, names: Sequence[str], where: str) -> list[Any]:
    """What its row holds in these columns.

    Raises CannotMake, which names the column `where` it was passed, if it has no row yet or not these columns.
    """
    found = _of_sqlalchemy(value, names) if hasattr(value, "_sa_instance_state") else _of_django(value, names)
    if found is None or None in found:
        kind = type(value).__qualname__
        raise CannotMake(
            f"{where}: this {kind} has no row yet",
            hints=["session.add(it); session.flush()   # SQLAlchemy", "it.save()   # Django"],
        )
    return found


def _of_sqlalchemy(value: Any, names: Sequence[str]) -> list[Any] | None:
    state = value._sa_instance_state
    mapper = state.mapper
    if state.identity is None:
        return None
    if [column.name for column in mapper.primary_key] == list(names):
        # Known without asking the database, also of one that is expired or detached.
        return list(state.identity)
    columns = {column.name: column for column in mapper.columns}
    return [getattr(value, mapper.get_property_by_column(columns[name]).key, None) for name in names]


def _of_django(value: Any, names: Sequence[str]) -> list[Any] | None:
    if value._state.adding:
        return None
    fields = {field.column: field for field in value._meta.concrete_fields}
    return [getattr(value, fields[name].attname, None) for name in names]
