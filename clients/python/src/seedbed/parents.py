"""Parents of a row in a call: `author=alice` (a row, or an object of SQLAlchemy or Django), `author__email="x"`,
`author=make.users.with_(…)`, `author=None`.

A foreign key goes by its column's name, the same without `_id`, the name of the table it refers to (also in the
singular), or its constraint's name. Invariant: which of several foreign keys is meant is never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .builder import Builder
from .entity import columns_of, is_entity, is_of
from .errors import CannotMake
from .errors import is_told as __tracebackhide__  # noqa: F401
from .row import Row
from .schema import ForeignKey, Table, table_of
from .text import ColumnText

if TYPE_CHECKING:
    from collections.abc import Generator

    from .site import Site


def concerns(name: str, value: Any) -> bool:
    """Whether a value may be one for a foreign key: only then is the schema looked at."""
    return value is None or isinstance(value, (Row, Builder)) or "__" in name or is_entity(value)


def explained(site: Site, table: str, values: dict[str, Any]) -> CannotMake | None:
    """The error for values that the service refused because a reference's name was given something else."""
    known = table_of(site.lease, table)
    for name in values if known is not None else ():
        keys = [] if known is None or name in known.columns else _matching(known, name)
        if known is not None and keys:
            columns = ", ".join(f"{column}=…" for column in keys[0].columns)
            return CannotMake(
                f"{table}.{name} is a reference to {keys[0].table}: pass a row, or {columns}",
                hints=[_line(known, keys[0]), f"make.{table}({columns})"],
            )
    return None


def resolve(site: Site, table: str, values: dict[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
    """The values with columns in the place of parents. Parents that are builders are made."""
    known = table_of(site.lease, table)
    if known is None:
        return values
    found: dict[str, Any] = {}
    apart: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        prefix, below, rest = name.partition("__")
        if name in known.columns and not isinstance(value, (Row, Builder)) and not is_entity(value):
            found[name] = value
        elif below and name not in known.columns:
            apart.setdefault(prefix, {})[rest] = value
        elif value is None and not _matching(known, name):
            # The service says best that there is no such column.
            found[name] = value
        else:
            key = _key(known, name, value)
            if isinstance(value, Builder):
                value = yield from value.one()
            found.update(_columns(known, key, name, value))
    for prefix, own in apart.items():
        if prefix in values:
            raise CannotMake(
                f"{table}: {prefix} is passed as a whole and in parts ({prefix}__{next(iter(own))})",
                hints=[f"make.{table}({prefix}=make.TABLE.set(…))"],
            )
        key = _key(known, prefix, None)
        row = yield from Builder(site, key.table, own).one()
        found.update(_columns(known, key, prefix, row))
    return found


def _key(table: Table, name: str, value: Any) -> ForeignKey:
    matching = _matching(table, name)
    wanted: str | None
    if is_entity(value):
        wanted = type(value).__qualname__
        fitting = [key for key in matching if is_of(value, key.table)]
    else:
        wanted = value.table if isinstance(value, (Row, Builder)) else None
        fitting = [key for key in matching if wanted in (None, key.table)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and matching:
        raise CannotMake(
            f"{table.name}.{name} refers to {matching[0].table}, and what was passed is of {wanted}",
            hints=[_line(table, key) for key in table.foreign_keys if key.table == wanted]
            or [_line(table, matching[0])],
        )
    if fitting:
        raise CannotMake(
            f"{table.name} has several foreign keys that {name} may mean",
            hints=[_line(table, key) for key in fitting],
        )
    raise CannotMake(
        f"{table.name} has no foreign key {name}",
        hints=[_line(table, key) for key in table.foreign_keys] or [f"seedbed explain {table.name}"],
    )


def _matching(table: Table, name: str) -> list[ForeignKey]:
    """The foreign keys a name may mean, by the most particular kind of name that any of them has."""
    kinds = (
        lambda key: name == key.name,
        lambda key: key.columns == (name,),
        lambda key: len(key.columns) == 1 and key.columns[0] in (f"{name}_id", f"{name}Id", f"id_{name}"),
        lambda key: name in _names(key.table),
    )
    for kind in kinds:
        matching = [key for key in table.foreign_keys if kind(key)]
        if matching:
            return matching
    return []


def _names(table: str) -> set[str]:
    plain = table.rpartition(".")[2]
    return {plain, *singulars(plain)}


def singulars(plural: str) -> list[str]:
    """What one of them may be called in English.

    >>> singulars("categories"), singulars("addresses"), singulars("people")
    (['category', 'categorie'], ['addresse', 'address'], ['person'])
    """
    if plural == "people":
        return ["person"]
    found = [plural[:-3] + "y"] if plural.endswith("ies") else []
    if plural.endswith("s") and not plural.endswith("ss"):
        found.append(plural[:-1])
    if plural.endswith(("ses", "xes", "zes", "ches", "shes")):
        found.append(plural[:-2])
    return found


def _columns(table: Table, key: ForeignKey, name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return dict.fromkeys(key.columns)
    if is_entity(value):
        return dict(zip(key.columns, columns_of(value, key.references, f"{table.name}.{name}")))
    if not isinstance(value, Row):
        raise CannotMake(
            f"{table.name}.{name} is a foreign key to {key.table}: it takes a row, a builder or None",
            hints=[_line(table, key), f"make.{table.name}({key.columns[0]}=…)"],
        )
    texts = [value.text(there) for there in key.references]
    return {column: None if text is None else ColumnText(text) for column, text in zip(key.columns, texts)}


def _line(table: Table, key: ForeignKey) -> str:
    column = key.columns[0]
    name = column[:-3] if len(key.columns) == 1 and column.endswith("_id") else column
    return f"make.{table.name}({name if len(key.columns) == 1 else key.name}=make.{key.table}())"
