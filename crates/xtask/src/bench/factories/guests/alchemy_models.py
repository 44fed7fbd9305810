# The tables as SQLAlchemy's models, and a session factory.
import datetime
import os
import uuid

from sqlalchemy import ForeignKey, create_engine, func
from sqlalchemy.engine import URL
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

engine = create_engine(
    URL.create(
        "postgresql+psycopg2",
        username=os.environ["PGUSER"],
        password=os.environ.get("PGPASSWORD"),
        database=os.environ["PGDATABASE"],
        query={"host": os.environ["PGHOST"], "port": os.environ["PGPORT"]},
    )
)
Session = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Org(Base):
    __tablename__ = "orgs"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"))
    email: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str]
    city: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(server_default="false")
    logins: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    org: Mapped[Org] = relationship()


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    slug: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    user: Mapped[User] = relationship()


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    code: Mapped[uuid.UUID]
    body: Mapped[str]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    post: Mapped[Post] = relationship()
