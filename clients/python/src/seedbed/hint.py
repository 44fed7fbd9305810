r"""Hints of the service as lines of Python: it tells lines for a shell, where rows are made with `seedbed make`.

Invariant: a line that is not wholly understood is passed on as it is.

>>> in_python("seedbed make users email=… -n 2"), in_python("seedbed make sales.orders --null buyer_id")
('make.users.list(2, email=…)', 'make["sales.orders"](buyer_id=None)')
>>> in_python("seedbed make users --with posts=1   # too"), in_python("seedbed make posts author.email=a@b.c --fresh")
('make.users.with_(posts=1)()   # too', 'make.posts.fresh(author__email="a@b.c")')
>>> in_python("seedbed ps --slots"), in_python("--policy keep")
('seedbed ps --slots', '….policy("keep")')
"""

from __future__ import annotations

_START = "seedbed make "


def in_python(hint: str) -> str:
    """The hint as a person who writes Python wants it."""
    if hint.startswith("--"):
        # What to add to the call.
        whole = in_python(f"{_START}… {hint}")
        return hint if whole.startswith("seedbed") else whole.replace('make["…"]', "…").replace("()", "")
    if not hint.startswith(_START):
        return hint
    line, mark, comment = hint.partition("   # ")
    written = _written(line)
    return hint if written is None else written + mark + comment


def _written(line: str) -> str | None:
    import shlex

    try:
        table, *words = shlex.split(line[len(_START) :])
    except ValueError:
        return None
    name = f"make.{table}" if table.isidentifier() else f"make[{_quoted(table)}]"
    columns: list[tuple[str, str]] = []
    steps = ""
    count, fresh = "", False
    rest = iter(words)
    for word in rest:
        if word == "--fresh":
            fresh = True
            continue
        if word.startswith("-"):
            option, value = word, next(rest, "")
            if option == "-n" and value.isdigit():
                count = value
            elif option == "--null" and value:
                columns.append((value, "None"))
            elif option == "--with" and value.partition("=")[0].isidentifier():
                steps += f".with_({value if '=' in value else value + '=1'})"
            elif option == "--key" and value:
                steps += f".key({', '.join(map(_quoted, value.split(',')))})"
            elif option in ("--policy", "--scope") and value:
                steps += f".{option[2:]}({_quoted(value)})"
            else:
                return None
            continue
        column, equals, value = word.partition("=")
        if not equals:
            return None
        columns.append((column, value if value == "…" else _quoted(value)))
    columns = [(column.replace(".", "__"), value) for column, value in columns]
    passed = [count] if count else []
    if all(column.isidentifier() for column, _ in columns):
        passed += [f"{column}={value}" for column, value in columns]
    else:
        passed.append("**{" + ", ".join(f"{_quoted(column)}: {value}" for column, value in columns) + "}")
    verb = {(False, False): "", (True, False): ".list", (False, True): ".fresh", (True, True): ".fresh_list"}
    return f"{name}{steps}{verb[bool(count), fresh]}({', '.join(passed)})"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
