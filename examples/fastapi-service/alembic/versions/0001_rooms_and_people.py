"""Rooms and people."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "rooms",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("seats", sa.Integer, sa.CheckConstraint("seats BETWEEN 1 AND 200"), nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    )
    op.create_index("people_email", "people", [sa.text("lower(email)")], unique=True)


def downgrade():
    op.drop_table("people")
    op.drop_table("rooms")
