"""The service."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from rooms import booking, database
from rooms.models import Booking, Room

app = FastAPI()
Database = Annotated[Session, Depends(database.session)]


class NewRoom(BaseModel):
    name: str
    seats: int


class NewBooking(BaseModel):
    room: int
    organiser: int
    title: str
    begins: datetime
    ends: datetime


@app.get("/rooms")
def rooms(session: Database, seats: int = 1) -> list[dict[str, object]]:
    found = session.scalars(select(Room).where(Room.seats >= seats).order_by(Room.name))
    return [{"id": room.id, "name": room.name, "seats": room.seats} for room in found]


@app.post("/rooms", status_code=201)
def add_room(new: NewRoom, session: Database) -> dict[str, object]:
    room = Room(name=new.name, seats=new.seats)
    session.add(room)
    try:
        session.commit()
    except IntegrityError as error:
        raise HTTPException(409, "there is such a room, or nobody fits in") from error
    return {"id": room.id}


@app.get("/rooms/{number}/bookings")
def bookings(number: int, session: Database) -> list[dict[str, object]]:
    wanted = select(Booking).where(Booking.room_id == number, ~Booking.cancelled).order_by(Booking.during)
    return [{"id": one.id, "title": one.title, "by": one.organiser.name} for one in session.scalars(wanted)]


@app.post("/bookings", status_code=201)
def book(new: NewBooking, session: Database) -> dict[str, object]:
    try:
        made = booking.book(session, new.room, new.organiser, new.title, new.begins, new.ends)
    except booking.Impossible as error:
        raise HTTPException(409, str(error)) from error
    return {"id": made.id}


@app.delete("/bookings/{number}")
def cancel(number: int, session: Database) -> dict[str, object]:
    cancelled = booking.cancel(session, number)
    if cancelled is None:
        raise HTTPException(404)
    return {"id": cancelled.id, "cancelled": cancelled.cancelled}
