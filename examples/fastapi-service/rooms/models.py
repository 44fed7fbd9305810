"""The tables."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Room(Base):
    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    seats: Mapped[int]


class Person(Base):
    __tablename__ = "people"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    active: Mapped[bool]


class Booking(Base):
    __tablename__ = "bookings"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    organiser_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    title: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    cancelled: Mapped[bool] = mapped_column(default=False)
    room: Mapped[Room] = relationship()
    organiser: Mapped[Person] = relationship()


class Message(Base):
    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, object]] = mapped_column(JSONB)
    sent_at: Mapped[datetime | None]
