"""Several connections at once, all of them committing."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from conftest import at
from sqlalchemy import text

from rooms import database, outbox


@pytest.mark.parametrize("turn", range(3))
def test_one_of_two_requests_gets_the_room(building, book, turn):
    room, ada = building["rooms"][2], building["ada"]
    with ThreadPoolExecutor() as threads:
        said = list(threads.map(lambda _: book(room, ada, at(9), at(10)).status_code, range(2)))
    assert sorted(said) == [201, 409]


def test_each_message_is_sent_once(building, book):
    for hour in range(8, 18):
        assert book(building["rooms"][0], building["ada"], at(hour), at(hour + 1)).status_code == 201
    sent, both = [], Barrier(2)

    def work():
        both.wait()
        return outbox.deliver(database.engine, lambda message: sent.append(message.payload["booking"]))

    with ThreadPoolExecutor() as threads:
        counts = [worker.result() for worker in [threads.submit(work) for _ in range(2)]]
    assert sum(counts) == len(sent) == len(set(sent)) == 10


def test_a_message_that_cannot_be_sent_is_tried_again(building, book):
    book(building["rooms"][0], building["ada"], at(9), at(10))

    def refuse(message):
        raise ConnectionError("no mail today")

    with pytest.raises(ConnectionError):
        outbox.deliver(database.engine, refuse)
    assert outbox.deliver(database.engine, lambda message: None) == 1


def test_another_connection_sees_what_was_committed(building, db):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE rooms SET seats = seats + 1"))
    assert db.execute("SELECT array_agg(seats ORDER BY id) FROM rooms").fetchone()[0] == [5, 9, 121]
