"""The version of this package, read only when somebody asks: its metadata costs more than the whole import."""

from __future__ import annotations


def version() -> str:
    """The version that is installed; of a source tree that never was, `0+source`."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("seedbed")
    except PackageNotFoundError:
        return "0+source"
