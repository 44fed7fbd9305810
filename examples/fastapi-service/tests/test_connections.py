"""Two connections, the test's and the service's; and what a test does to the schema."""

from sqlalchemy import text

from rooms import database


def test_rows_made_on_the_tests_connection_are_not_seen_by_the_service(client, db, make):
    make.rooms(name="Draft")
    assert db.execute("SELECT count(*) FROM rooms").fetchone()[0] == 1
    assert client.get("/rooms").json() == []
    db.commit()
    assert [room["name"] for room in client.get("/rooms").json()] == ["Draft"]


def test_the_schema_may_be_changed(client):
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE rooms ADD COLUMN floor integer DEFAULT 3"))
        connection.execute(text("INSERT INTO rooms (name, seats) VALUES ('Attic', 4)"))
    assert len(client.get("/rooms").json()) == 1


def test_the_change_is_gone(client):
    with database.engine.connect() as connection:
        columns = text("SELECT count(*) FROM information_schema.columns WHERE table_name = 'rooms'")
        assert connection.scalar(columns) == 3
