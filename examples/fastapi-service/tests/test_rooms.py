"""Rooms: what the service shows is what is in the database, and only that."""

import pytest


def test_there_are_no_rooms_at_first(client):
    assert client.get("/rooms").json() == []


@pytest.mark.parametrize("turn", range(3))
def test_the_same_room_is_added_in_every_test(client, turn):
    assert client.post("/rooms", json={"name": "Attic", "seats": 4}).json() == {"id": 1}


def test_a_room_is_added_once(client):
    assert client.post("/rooms", json={"name": "Attic", "seats": 4}).status_code == 201
    assert client.post("/rooms", json={"name": "Attic", "seats": 6}).status_code == 409
    assert [room["seats"] for room in client.get("/rooms").json()] == [4]


def test_nobody_fits_into_a_room_without_seats(client):
    assert client.post("/rooms", json={"name": "Shaft", "seats": 0}).status_code == 409


def test_a_made_room_is_shown(client, make):
    room = make.rooms(name="Library")
    assert room.outcome == "created"
    assert client.get("/rooms").json() == [{"id": room.id, "name": "Library", "seats": room.seats}]


def test_many_rooms_are_made_at_once(client, make):
    rooms = make.rooms.list(30)
    assert len({room.name for room in rooms}) == 30
    assert len(client.get("/rooms").json()) == 30


def test_small_rooms_are_left_out(client, make):
    make.rooms(name="Attic", seats=4)
    make.rooms(name="Hall", seats=120)
    assert [room["name"] for room in client.get("/rooms", params={"seats": 50}).json()] == ["Hall"]


def test_the_same_call_is_the_same_row(make):
    assert make.rooms(name="Attic").id == make.rooms(name="Attic").id
    assert make.rooms(name="Attic").outcome == "matched"
