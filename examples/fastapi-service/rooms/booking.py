"""Booking a room, and giving it back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from rooms.models import Booking, Message, Person, Room


class Impossible(Exception):
    """It cannot be booked; the message says why."""


def book(session: Session, room: int, organiser: int, title: str, begins: datetime, ends: datetime) -> Booking:
    """Books a room and leaves a message for its organiser, or nothing of both."""
    if ends <= begins:
        raise Impossible("a meeting ends after it begins")
    person = session.get(Person, organiser)
    if person is None or not person.active:
        raise Impossible("nobody organises this meeting")
    if session.get(Room, room) is None:
        raise Impossible("there is no such room")
    booking = Booking(room_id=room, organiser_id=organiser, title=title, during=Range(begins, ends))
    session.add(booking)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise Impossible("the room is taken") from error
    session.add(Message(kind="booked", payload={"booking": booking.id, "to": person.email}))
    session.commit()
    return booking


def cancel(session: Session, number: int) -> Booking | None:
    """Gives the room back. Once is enough: a second time changes nothing."""
    booking = session.scalar(select(Booking).where(Booking.id == number).with_for_update())
    if booking is None:
        return None
    if not booking.cancelled:
        booking.cancelled = True
        session.add(Message(kind="cancelled", payload={"booking": booking.id, "to": booking.organiser.email}))
    session.commit()
    return booking
