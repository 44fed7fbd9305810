# polyfactory on SQLAlchemy: each level is one batch, added and committed.
from alchemy_models import Comment, Org, Post, Session, User
from polyfactory import Use
from polyfactory.factories.sqlalchemy_factory import SQLAlchemyFactory
from turns import COMMENTS, POSTS, USERS, turns

session = Session(expire_on_commit=False)
number = iter(range(10**9))


class OrgFactory(SQLAlchemyFactory[Org]):
    __session__ = session
    __set_primary_key__ = False
    __set_relationships__ = False


class UserFactory(SQLAlchemyFactory[User]):
    __session__ = session
    __set_primary_key__ = False
    __set_relationships__ = False
    __set_foreign_keys__ = False
    email = Use(lambda: f"user-{next(number)}@example.test")


class PostFactory(SQLAlchemyFactory[Post]):
    __session__ = session
    __set_primary_key__ = False
    __set_relationships__ = False
    __set_foreign_keys__ = False


class CommentFactory(SQLAlchemyFactory[Comment]):
    __session__ = session
    __set_primary_key__ = False
    __set_relationships__ = False
    __set_foreign_keys__ = False


def make():
    org = OrgFactory.create_sync()
    users = UserFactory.create_batch_sync(USERS, org_id=org.id)
    for user in users:
        for post in PostFactory.create_batch_sync(POSTS, user_id=user.id):
            CommentFactory.create_batch_sync(COMMENTS, post_id=post.id)
    session.expunge_all()


turns(make)
