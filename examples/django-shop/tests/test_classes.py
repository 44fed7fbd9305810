"""Django's own classes."""

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from shop.models import Customer, Mail


class Shared(TestCase):
    """Data of the class, made once and there in each test."""

    @classmethod
    def setUpTestData(cls):
        cls.user = User.objects.create_user("ada", password="secret")
        cls.customer = Customer.objects.create(user=cls.user, email="ada@example.org", name="Ada")

    def test_it_is_there(self):
        self.assertEqual(Customer.objects.get().user, self.user)
        Customer.objects.all().delete()

    def test_it_is_there_again(self):
        self.assertEqual(Customer.objects.get().name, "Ada")
        Customer.objects.update(name="Eve")

    def test_it_is_as_it_was(self):
        self.assertEqual(Customer.objects.get().name, "Ada")


class Committed(TransactionTestCase):
    """Each test begins with what the migrations left, and commits."""

    def test_a_user_is_committed(self):
        with transaction.atomic():
            User.objects.create_user("ada")
        self.assertEqual(User.objects.get().pk, 1)

    def test_the_next_user_has_the_same_number(self):
        User.objects.create_user("ben")
        self.assertEqual(User.objects.get().pk, 1)

    def test_on_commit_runs(self):
        with transaction.atomic():
            transaction.on_commit(lambda: Mail.objects.create(to="ada@example.org", subject="Welcome"))
            self.assertFalse(Mail.objects.exists())
        self.assertTrue(Mail.objects.exists())

    def test_what_migrations_left_is_there(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
            self.assertGreater(cursor.fetchone()[0], 10)
