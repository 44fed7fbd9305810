"""Runs what a call wants done, on a blocking connection or on one of asyncio."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from .action import Query, Transaction
from .errors import is_told as __tracebackhide__  # noqa: F401
from .making import Open

if TYPE_CHECKING:
    from collections.abc import Generator

    from .drivers import AsyncDriver, Driver


def drive(open_driver: Any, going: Generator[Any, Any, Any]) -> Any:
    """Runs it to its end; returns what it returns. `open_driver` gives the driver for a call."""
    driver: Driver | None = None
    try:
        action = next(going)
        while True:
            try:
                answer: Any
                if type(action) is Query and driver:
                    answer = driver.query(action.sql, action.parameters, action.savepoint)
                elif type(action) is Open:
                    answer = driver = open_driver()
                elif type(action) is Transaction and driver:
                    driver.transact(action.verb)
                    answer = None
                else:
                    answer = action.hook(action.make, action.row)
            except BaseException as error:
                action = going.throw(error)
            else:
                action = going.send(answer)
    except StopIteration as done:
        return done.value


async def drive_async(open_driver: Any, going: Generator[Any, Any, Any]) -> Any:
    """The same on a connection of asyncio. Hooks may be coroutines.

    What is asked of the service is asked in between, without giving the loop away: it takes less than a millisecond.
    """
    driver: AsyncDriver | None = None
    try:
        action = next(going)
        while True:
            try:
                answer: Any
                if type(action) is Query and driver:
                    answer = await driver.query(action.sql, action.parameters, action.savepoint)
                elif type(action) is Open:
                    answer = driver = await open_driver()
                elif type(action) is Transaction and driver:
                    await driver.transact(action.verb)
                    answer = None
                else:
                    answer = action.hook(action.make, action.row)
                    if isawaitable(answer):
                        answer = await answer
            except BaseException as error:
                action = going.throw(error)
            else:
                action = going.send(answer)
    except StopIteration as done:
        return done.value
