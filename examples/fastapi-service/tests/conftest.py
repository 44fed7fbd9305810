"""The client, and times that are easy to read."""

import os
from datetime import datetime, timezone

import pytest
import seedbed
from fastapi.testclient import TestClient

os.environ.setdefault("TZ", "UTC")


def at(hour, minute=0):
    """A time of one fixed day."""
    return datetime(2031, 5, 6, hour, minute, tzinfo=timezone.utc)


@pytest.fixture(scope="session")
def client():
    from rooms.main import app

    with TestClient(app) as client:
        yield client


@pytest.fixture
def book(client):
    """Books, and returns what the service says."""

    def book(room, organiser, begins, ends, title="Planning"):
        times = {"begins": begins.isoformat(), "ends": ends.isoformat()}
        return client.post("/bookings", json={"room": room.id, "organiser": organiser.id, "title": title, **times})

    return book


@seedbed.shared(scope="module")
def building(make):
    """Three rooms and a person that the tests of a file share; each may spoil them."""
    rooms = make.rooms.list(3, name=["Attic", "Cellar", "Hall"], seats=["4", "8", "120"])
    return {"rooms": rooms, "ada": make.people(email="ada@example.org", name="Ada")}
