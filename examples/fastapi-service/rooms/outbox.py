"""The worker that sends what was left in the outbox. Several may run at once."""

from collections.abc import Callable
from datetime import datetime, timezone

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from rooms.models import Message


def deliver(engine: Engine, send: Callable[[Message], None], at_most: int = 10) -> int:
    """Sends some messages, each in a transaction of its own; how many."""
    sent = 0
    while sent < at_most:
        with Session(engine) as session, session.begin():
            waiting = select(Message).where(Message.sent_at.is_(None)).order_by(Message.id)
            message = session.scalar(waiting.limit(1).with_for_update(skip_locked=True))
            if message is None:
                break
            send(message)
            message.sent_at = datetime.now(timezone.utc)
        sent += 1
    return sent
