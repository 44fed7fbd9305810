"""The service's own pool of connections."""

import os
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

engine = create_engine(os.environ["DATABASE_URL"], pool_size=4)


def session() -> Iterator[Session]:
    """One for each request; what it does is committed by whoever does it."""
    with Session(engine) as own:
        yield own
