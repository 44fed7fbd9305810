# The tables as Django's models; it sets what other columns leave to defaults.
from django.db import models
from django.utils import timezone


class Org(models.Model):
    name = models.TextField(unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "orgs"
        managed = False


class User(models.Model):
    org = models.ForeignKey(Org, models.CASCADE)
    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=40)
    last_name = models.CharField(max_length=40)
    phone = models.CharField(max_length=40)
    city = models.CharField(max_length=40)
    is_admin = models.BooleanField(default=False)
    logins = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "users"
        managed = False


class Post(models.Model):
    user = models.ForeignKey(User, models.CASCADE)
    slug = models.CharField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    body = models.CharField(max_length=400)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "posts"
        managed = False


class Comment(models.Model):
    post = models.ForeignKey(Post, models.CASCADE)
    code = models.UUIDField(unique=True)
    body = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "comments"
        managed = False
