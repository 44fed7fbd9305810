# model_bakery on Django. With BENCH_BULK each level is one bulk_create, its
# fastest way; without, each object is saved when it is made.
import itertools
import os

import django

django.setup()

from blog.models import Comment, Org, Post, User
from django.db import transaction
from model_bakery import baker
from turns import COMMENTS, POSTS, USERS, turns


@transaction.atomic
def in_bulk():
    org = baker.make(Org)
    users = baker.make(User, org=org, _quantity=USERS, _bulk_create=True)
    owners = itertools.cycle(users)
    posts = baker.make(Post, user=owners, _quantity=USERS * POSTS, _bulk_create=True)
    parents = itertools.cycle(posts)
    baker.make(Comment, post=parents, _quantity=USERS * POSTS * COMMENTS, _bulk_create=True)


@transaction.atomic
def one_by_one():
    org = baker.make(Org)
    for user in baker.make(User, org=org, _quantity=USERS):
        for post in baker.make(Post, user=user, _quantity=POSTS):
            baker.make(Comment, post=post, _quantity=COMMENTS)


turns(in_bulk if os.environ.get("BENCH_BULK") else one_by_one)
