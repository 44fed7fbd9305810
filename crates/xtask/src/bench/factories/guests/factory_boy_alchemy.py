# factory_boy on SQLAlchemy. BENCH_PERSISTENCE is what its page calls
# sqlalchemy_session_persistence: by default nothing is sent before the commit
# at the end, which is the fastest way; `flush` sends each row when it is made,
# `commit` also commits it. With BENCH_KEYED rows are looked for by their keys,
# so that a turn may be repeated.
import os
import uuid

import factory
from alchemy_models import Comment, Org, Post, Session, User
from turns import COMMENTS, POSTS, USERS, turns

session = Session()
persistence = os.environ.get("BENCH_PERSISTENCE") or None


def keyed(*columns):
    return columns if os.environ.get("BENCH_KEYED") else ()


class Factory(factory.alchemy.SQLAlchemyModelFactory):
    class Meta:
        abstract = True
        sqlalchemy_session = session
        sqlalchemy_session_persistence = persistence


class OrgFactory(Factory):
    class Meta:
        model = Org
        sqlalchemy_get_or_create = keyed("name")

    name = factory.Sequence(lambda n: f"Organisation {n}")


class UserFactory(Factory):
    class Meta:
        model = User
        sqlalchemy_get_or_create = keyed("email")

    org = factory.SubFactory(OrgFactory)
    email = factory.Sequence(lambda n: f"user-{n}@example.test")
    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    phone = factory.Faker("phone_number")
    city = factory.Faker("city")


class PostFactory(Factory):
    class Meta:
        model = Post
        sqlalchemy_get_or_create = keyed("slug")

    user = factory.SubFactory(UserFactory)
    slug = factory.Sequence(lambda n: f"post-{n}")
    title = factory.Faker("sentence")
    body = factory.Faker("paragraph")


class CommentFactory(Factory):
    class Meta:
        model = Comment
        sqlalchemy_get_or_create = keyed("code")

    post = factory.SubFactory(PostFactory)
    code = factory.Sequence(lambda n: uuid.UUID(int=n))
    body = factory.Faker("sentence")


def make():
    for one in (OrgFactory, UserFactory, PostFactory, CommentFactory):
        one.reset_sequence(0)
    org = OrgFactory()
    for user in UserFactory.create_batch(USERS, org=org):
        for post in PostFactory.create_batch(POSTS, user=user):
            CommentFactory.create_batch(COMMENTS, post=post)
    session.commit()
    session.expunge_all()


turns(make)
