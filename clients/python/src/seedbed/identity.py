"""What a test is called in the database: its `application_name`.

Invariant: at most 63 bytes of ASCII, for the server cuts the rest off and writes `?` for anything else; the end is
kept, because that is where a test's own name stands.
"""

from __future__ import annotations

# NAMEDATALEN - 1 of the server, for every `application_name`.
_LONGEST = 63


def application_name(test: str) -> str:
    """The name under which a test's sessions are shown: `tests/test_cart.py::test_pay`."""
    if len(test) <= _LONGEST and test.isascii() and test.isprintable():
        return test
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in test)
    return plain if len(plain) <= _LONGEST else "..." + plain[3 - _LONGEST :]
