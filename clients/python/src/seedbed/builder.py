"""Builders: a table and what is wished of its rows, composed step by step; nothing is made before one is called.

Invariant: a builder never changes. Every step gives another one, so one can be kept in a module and shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import CannotMake
from .errors import is_told as __tracebackhide__  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Generator

    from .row import Row
    from .site import Site

    # `list` is a method of builders.
    Rows = list[Row]


class Builder:
    """`make.users`: call it for a row, or go on with `set`, `with_`, `key`, `policy`, `scope`, `times`."""

    __slots__ = ("_site", "children", "count", "options", "table", "values")

    def __init__(
        self,
        site: Site,
        table: str,
        values: dict[str, Any] | None = None,
        children: tuple[Builder, ...] = (),
        options: dict[str, Any] | None = None,
        count: int | None = None,
    ) -> None:
        self._site = site
        self.table = table
        self.values = values or {}
        self.children = children
        self.options = options or {}
        self.count = count

    def __repr__(self) -> str:
        # Names, not values.
        said = [*self.values, *(f"with {child.table}" for child in self.children), *self.options]
        wished = f" ({', '.join(said)})" if said else ""
        return f"<make.{self.table}{wished}>"

    def __call__(self, /, **columns: Any) -> Any:
        """The row: found by the key that the values speak of, else made. Awaited on a connection of asyncio.

        A foreign key takes a row, a builder, or values of the parent's: `author=alice`, `author__email="x"`.
        """
        return self._site.perform(self._with(columns).one())

    def list(self, count: int, /, **columns: Any) -> Any:
        """So many rows. A list as a value has one for each: `list(2, email=["a@example.com", "b@example.com"])`."""
        return self._site.perform(self._with(columns).many(_counted(count)))

    def fresh(self, /, **columns: Any) -> Any:
        """A new row in any case, even if one with these values is there."""
        return self._site.perform(self._but(values={**self.values, **columns}, options={"fresh": True}).one())

    def fresh_list(self, count: int, /, **columns: Any) -> Any:
        """So many new rows in any case."""
        return self._site.perform(
            self._but(values={**self.values, **columns}, options={"fresh": True}).many(_counted(count))
        )

    def build(self, /, **columns: Any) -> Row:
        """The row as it would be, without writing: what only a database can fill is None."""
        from .making import built

        return built(self._site, self._with(columns))

    def set(self, /, **columns: Any) -> Builder:
        """With these values."""
        return self._with(columns)

    def with_(self, /, **children: Any) -> Builder:
        """With rows that refer to each row: `with_(posts=3)`, `with_(posts=make.posts.set(title="x").times(2))`, or
        a list of such builders. The name is the table's."""
        added = []
        for table, wish in children.items():
            for one in wish if isinstance(wish, (list, tuple)) else (wish,):
                added.append(self._child(table, one))
        return self._but(children=(*self.children, *added))

    def times(self, count: int) -> Builder:
        """So many of them, as children."""
        return self._but(count=_counted(count))

    def key(self, *columns: str) -> Builder:
        """Found by these columns, where the key is not to be inferred."""
        return self._but(options={"key": list(columns)})

    def policy(self, policy: str) -> Builder:
        """What happens to a row that is there with other values: `converge` (it is updated), `keep`, `strict` (it is
        an error)."""
        if policy not in ("converge", "keep", "strict"):
            raise CannotMake(f"there is no policy {policy!r}", hints=['policy("converge" | "keep" | "strict")'])
        return self._but(options={"policy": policy})

    def scope(self, scope: str) -> Builder:
        """Rows of a scope of their own: without a value that says otherwise, a row is the first of its scope."""
        return self._but(options={"scope": scope})

    def one(self) -> Generator[Any, Any, Row]:
        """For who drives it: makes one row."""
        from .making import rows

        made = yield from rows(self._site, self, None)
        return made[0]

    def many(self, count: int) -> Generator[Any, Any, Rows]:
        """For who drives it: makes several."""
        from .making import rows

        return (yield from rows(self._site, self, count))

    def _child(self, table: str, wish: Any) -> Builder:
        if isinstance(wish, Builder):
            if wish.table.rpartition(".")[2] != table.rpartition(".")[2]:
                raise CannotMake(
                    f"with_({table}=…) wants a builder of {table}, not of {wish.table}",
                    hints=[f"with_({wish.table}=make.{wish.table})"],
                )
            return wish
        if isinstance(wish, int) and not isinstance(wish, bool):
            return Builder(self._site, table, count=_counted(wish))
        raise CannotMake(
            f"with_({table}=…) wants a number or a builder, not a {type(wish).__name__}",
            hints=[f"with_({table}=3)", f"with_({table}=make.{table}.set(…).times(3))"],
        )

    def _with(self, columns: dict[str, Any]) -> Builder:
        return self._but(values={**self.values, **columns}) if columns else self

    def _but(self, **changes: Any) -> Builder:
        if "options" in changes:
            changes["options"] = {**self.options, **changes["options"]}
        kept = {"values": self.values, "children": self.children, "options": self.options, "count": self.count}
        return Builder(self._site, self.table, **{**kept, **changes})


def _counted(count: Any) -> int:
    if not isinstance(count, int) or isinstance(count, bool):
        raise CannotMake(f"it wants a number of rows, not a {type(count).__name__}")
    if count < 0:
        raise CannotMake(f"cannot make {count} rows")
    return count
