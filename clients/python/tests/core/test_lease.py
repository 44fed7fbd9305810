"""Marks, rewinds, keeping, releasing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import seedbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Running


@pytest.fixture
def own(service: seedbed.Service) -> Iterator[seedbed.Lease]:
    with service.connect() as client:
        yield client.acquire("own")


def run(lease: seedbed.Lease, sql: str) -> Any:
    import psycopg

    with psycopg.connect(lease.url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None


def test_what_was_committed_is_taken_back(own: seedbed.Lease) -> None:
    mark = own.mark("commits")
    assert (mark.depth, mark.redoable) == (0, True)
    run(own, "INSERT INTO companies (name) VALUES ('Acme')")
    rewound = own.rewind(mark, "commits")
    assert (rewound.mark, rewound.why, rewound.rows, rewound.tables) == (mark.name, None, 1, 1)
    assert run(own, "SELECT count(*) FROM companies") == [(0,)]


def test_a_changed_schema_replaces_the_database_and_forgets_what_was_learned(own: seedbed.Lease) -> None:
    seedbed.Make(own).on(_connect(own)).companies(name="Acme")
    assert own.memory
    run(own, "ALTER TABLE companies ADD COLUMN since date")
    rewound = own.rewind()
    assert rewound.replaced
    assert rewound.why
    assert not own.memory


def _connect(lease: seedbed.Lease) -> Any:
    import psycopg

    return psycopg.connect(lease.url, autocommit=True)


def test_a_session_that_holds_a_transaction_is_named(own: seedbed.Lease) -> None:
    import psycopg

    mark = own.mark()
    leaking = psycopg.connect(own.url, application_name="the leak")
    leaking.execute("INSERT INTO companies (name) VALUES ('Acme')")
    with pytest.raises(seedbed.Refused) as refused:
        own.mark()
    assert refused.value.code == "writer_open"
    ended = own.rewind(mark).ended
    assert [(one.application, one.holds) for one in ended] == [("the leak", "transaction")]
    leaking.close()


def test_a_kept_database_has_a_url_that_is_not_shown(own: seedbed.Lease, running: Running) -> None:
    import psycopg

    run(own, "INSERT INTO companies (name) VALUES ('Acme')")
    rewound = own.rewind(test="a test", keep=True)
    assert rewound.kept is not None
    assert rewound.kept.url not in repr(rewound)
    with psycopg.connect(rewound.kept.url) as kept:
        assert kept.execute("SELECT name FROM companies").fetchall() == [("Acme",)]
    run(own, "INSERT INTO companies (name) VALUES ('Bolt')")
    another = own.keep("another")
    assert another.name != rewound.kept.name
    assert own.released
    # They can be removed once their server has stored them.
    running.kept += [rewound.kept.name, another.name]


def test_a_released_lease_is_ended(service: seedbed.Service) -> None:
    with service.connect() as client:
        with client.acquire("x") as lease:
            lease.mark()
        lease.release()
        with pytest.raises(seedbed.LeaseEnded) as ended:
            lease.mark()
        assert ended.value.code in ("lease_ended", "unknown_lease")


def test_the_body_s_own_error_is_the_one_that_is_told(service: seedbed.Service) -> None:
    with service.connect() as client, pytest.raises(ZeroDivisionError), client.acquire("x"):
        client.close()
        raise ZeroDivisionError


def test_a_lane_and_a_slot_can_be_asked_for(service: seedbed.Service, lease: seedbed.Lease) -> None:
    slot = next(f"run/{at}" for at in (1, 2) if lease.slot != f"run/{at}")
    with service.connect() as client:
        other = client.acquire(slot=slot, lane="clone", wait=60, connections=2)
        assert (other.slot, other.lane) == (slot, "clone")
        with pytest.raises(seedbed.Refused) as taken, service.connect() as third:
            third.acquire(slot=slot, wait=0)
        assert taken.value.code == "no_free_slot"
