"""Bookings, over HTTP. The building is there in each test, whatever the last one did."""

from conftest import at
from sqlalchemy import text

from rooms import database


def test_a_room_is_booked(client, building, book):
    room, ada = building["rooms"][0], building["ada"]
    assert book(room, ada, at(9), at(10)).status_code == 201
    assert [one["by"] for one in client.get(f"/rooms/{room.id}/bookings").json()] == ["Ada"]


def test_a_room_is_booked_by_one_at_a_time(building, book):
    room, ada = building["rooms"][0], building["ada"]
    assert book(room, ada, at(9), at(10)).status_code == 201
    said = book(room, ada, at(9, 30), at(11))
    assert (said.status_code, said.json()["detail"]) == (409, "the room is taken")


def test_another_room_is_free(building, book):
    attic, cellar, _ = building["rooms"]
    assert book(attic, building["ada"], at(9), at(10)).status_code == 201
    assert book(cellar, building["ada"], at(9), at(10)).status_code == 201


def test_the_next_meeting_begins_when_one_ends(building, book):
    room, ada = building["rooms"][0], building["ada"]
    assert book(room, ada, at(9), at(10)).status_code == 201
    assert book(room, ada, at(10), at(11)).status_code == 201


def test_a_meeting_ends_after_it_begins(building, book):
    assert book(building["rooms"][0], building["ada"], at(10), at(9)).status_code == 409


def test_a_cancelled_meeting_frees_its_room(client, building, book):
    room, ada = building["rooms"][0], building["ada"]
    number = book(room, ada, at(9), at(10)).json()["id"]
    assert client.delete(f"/bookings/{number}").json()["cancelled"] is True
    assert book(room, ada, at(9), at(10)).status_code == 201


def test_cancelling_twice_leaves_one_message(client, building, book):
    number = book(building["rooms"][0], building["ada"], at(9), at(10)).json()["id"]
    client.delete(f"/bookings/{number}")
    client.delete(f"/bookings/{number}")
    with database.engine.connect() as connection:
        kinds = connection.scalars(text("SELECT kind FROM outbox ORDER BY id")).all()
    assert kinds == ["booked", "cancelled"]


def test_what_was_never_booked_cannot_be_cancelled(client):
    assert client.delete("/bookings/1").status_code == 404


def test_somebody_who_left_books_nothing(building, book, make):
    left = make.people(email="ben@example.org", active=False)
    assert book(building["rooms"][0], left, at(9), at(10)).status_code == 409


def test_the_building_can_be_emptied_by_a_test(client, building):
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE rooms, people CASCADE"))
    assert client.get("/rooms").json() == []


def test_a_booking_is_made_with_all_it_needs(client, make):
    booking = make.bookings(title="Retro")
    assert [one["title"] for one in client.get(f"/rooms/{booking.room_id}/bookings").json()] == ["Retro"]


def test_a_booking_is_made_for_somebody(make):
    eve = make.people(email="eve@example.org")
    assert make.bookings(organiser=eve, title="Retro").organiser_id == eve.id
