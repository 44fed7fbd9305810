# factory_boy on Django: each object is saved when it is made, in one
# transaction, as in a test.
import uuid

import django

django.setup()

import factory
from blog.models import Comment, Org, Post, User
from django.db import transaction
from turns import COMMENTS, POSTS, USERS, turns


class OrgFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Org

    name = factory.Faker("company")


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    org = factory.SubFactory(OrgFactory)
    email = factory.Sequence(lambda n: f"user-{n}@example.test")
    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    phone = factory.Faker("phone_number")
    city = factory.Faker("city")


class PostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Post

    user = factory.SubFactory(UserFactory)
    slug = factory.Sequence(lambda n: f"post-{n}")
    title = factory.Faker("sentence", nb_words=5)
    body = factory.Faker("paragraph")


class CommentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Comment

    post = factory.SubFactory(PostFactory)
    code = factory.LazyFunction(uuid.uuid4)
    body = factory.Faker("sentence")


@transaction.atomic
def make():
    org = OrgFactory()
    for user in UserFactory.create_batch(USERS, org=org):
        for post in PostFactory.create_batch(POSTS, user=user):
            CommentFactory.create_batch(COMMENTS, post=post)


turns(make)
