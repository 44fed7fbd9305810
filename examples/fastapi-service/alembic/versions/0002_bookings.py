"""Bookings: a room has one at a time."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        """
        CREATE TABLE bookings (
            id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            room_id integer NOT NULL REFERENCES rooms,
            organiser_id integer NOT NULL REFERENCES people,
            title text NOT NULL CHECK (title <> ''),
            during tstzrange NOT NULL CHECK (NOT isempty(during)),
            cancelled boolean NOT NULL DEFAULT false,
            CONSTRAINT one_at_a_time EXCLUDE USING gist (room_id WITH =, during WITH &&) WHERE (NOT cancelled)
        )
        """
    )


def downgrade():
    op.drop_table("bookings")
