"""Django on slots: what wider fixtures wrote stays, and what a test that rolls back committed beside that does not."""

from __future__ import annotations

import pytest

from runner_project import Project
from test_django import FILES, django_service, manage, shop  # noqa: F401

pytest_plugins = ("pytester",)
pytest.importorskip("django")
pytest.importorskip("pytest_django")

WIDE = """
import pytest
from shop.models import Product

@pytest.fixture(scope="session")
def lamp(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return Product.objects.create(name="of the session")

@pytest.fixture(scope="module")
def module(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return Product.objects.create(name="of the module")

def names(): return sorted(Product.objects.values_list("name", flat=True))

@pytest.mark.parametrize("turn", range(2))
def test_rolled_back(lamp, db, turn):
    Product.objects.create(name="a")
    assert names() == ["a", "from a migration", "of the session"]

@pytest.mark.parametrize("turn", range(2))
def test_committed(lamp, transactional_db, turn):
    assert names() == ["from a migration", "of the session"]
    # Ids do not tell how many tests were rolled back before.
    assert Product.objects.create(name="a").pk == lamp.pk + 1

def test_rolled_back_after(lamp, db): assert names() == ["from a migration", "of the session"]

def test_of_the_module(lamp, module, db): Product.objects.create(name="a")

def test_of_the_module_committed(lamp, module, transactional_db):
    assert names() == ["from a migration", "of the module", "of the session"]
    assert Product.objects.create(name="a").pk == module.pk + 1
"""

IN_ORDER = (
    "import pytest\n@pytest.hookimpl(trylast=True)\ndef pytest_collection_modifyitems(items):\n"
    "    items.sort(key=lambda item: item.reportinfo()[1])\n"
)

BESIDE = """
import threading
import pytest
from django.db import connection
from django.test import TestCase
from shop.models import Product

def commit(name):
    def other():
        Product.objects.create(name=name)
        connection.close()
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()

@pytest.mark.django_db
def test_committed_by_a_thread(): commit("thread")

@pytest.mark.django_db
def test_nothing_is_left(): assert Product.objects.count() == 1

class Rolled(TestCase):
    def test_a(self): commit("thread of a class")

@pytest.mark.django_db
def test_nothing_is_left_of_a_class(): assert Product.objects.count() == 1
"""


def test_plain_wide_fixtures_stay(shop: Project) -> None:  # noqa: F811
    shop.file("conftest.py", IN_ORDER)
    shop.file("test_wide.py", WIDE)
    result = shop.run("-q")
    result.assert_outcomes(passed=7, warnings=1)
    result.stdout.fnmatch_lines(["*what the fixture module wrote stays when its module ends*"])


def test_what_is_committed_beside_the_transaction_is_taken_back_and_told(shop: Project) -> None:  # noqa: F811
    shop.file("conftest.py", IN_ORDER)
    shop.file("test_beside.py", BESIDE)
    result = shop.run("-q")
    result.assert_outcomes(passed=4, warnings=2)
    result.stdout.fnmatch_lines(
        ["*test_committed_by_a_thread is rolled back by Django, but 1 rows in 1 tables were committed beside*"]
    )
    result.stdout.fnmatch_lines(["*Rolled is rolled back by Django, but 1 rows*"])


def test_of_what_was_rolled_back_nothing_is_kept(shop: Project) -> None:  # noqa: F811
    shop.file("test_failing.py", "def test_it(db): assert 0\n")
    result = shop.run("-q", "--seedbed-keep")
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*kept open*")


def test_who_asks_late_is_rolled_back(shop: Project) -> None:  # noqa: F811
    shop.file(
        "test_late.py",
        """
import pytest
from shop.models import Product

@pytest.fixture(autouse=True)
def late(request): request.getfixturevalue("transactional_db" if "committed" in request.node.name else "db")

@pytest.mark.parametrize("turn", range(3))
def test_rolled_back(turn):
    assert Product.objects.create(name="a").pk == 2

@pytest.mark.parametrize("turn", range(3))
def test_committed(turn):
    assert Product.objects.create(name="a").pk == 2

# Whose fixture pytest-django sees when it looks for the databases that are needed.
def test_committed_knowingly(db): pass
""",
    )
    shop.run("-q", "-p", "no:randomly", "-k", "committed").assert_outcomes(passed=4)
    shop.run("-q", "-p", "no:randomly").assert_outcomes(passed=7)


def test_readonly_tests_that_django_rolls_back(shop: Project) -> None:  # noqa: F811
    shop.file(
        "test_readonly.py",
        """
import pytest
from django.test import TestCase
from shop.models import Product

@pytest.mark.seedbed(readonly=True)
def test_writes(db): Product.objects.create(name="a")

@pytest.mark.seedbed(readonly=True)
def test_reads(db): assert Product.objects.count() == 1

def test_may_write(db): Product.objects.create(name="a")

class Mixed(TestCase):
    @pytest.mark.seedbed(readonly=True)
    def test_a(self): Product.objects.create(name="a")
    def test_b(self): Product.objects.create(name="a")
""",
    )
    result = shop.run("-q")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["*cannot execute INSERT in a read-only transaction*"])


def test_a_transaction_of_a_wider_scope_is_left_open(shop: Project) -> None:  # noqa: F811
    shop.file(
        "test_wrapped.py",
        """
import pytest
from django.db import transaction
from shop.models import Product

@pytest.fixture(scope="module")
def lamp(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield Product.objects.create(name="of the module")
        transaction.set_rollback(True)

@pytest.mark.parametrize("turn", range(2))
def test_wrapped(lamp, db, turn):
    Product.objects.create(name="a")
    assert Product.objects.count() == 3
""",
    )
    shop.run("-q").assert_outcomes(passed=2)


def test_a_live_server_after_another_test(shop: Project) -> None:  # noqa: F811
    shop.file(
        "settings.py", FILES["settings.py"] + "\nROOT_URLCONF = 'shop'\nSTATIC_URL = 'static/'\nALLOWED_HOSTS = ['*']\n"
    )
    shop.file("conftest.py", IN_ORDER)
    shop.file(
        "test_live.py",
        """
import pytest
from shop.models import Product

def test_0(db): Product.objects.create(name="a")

@pytest.mark.parametrize("turn", range(2))
def test_only_a_live_server(live_server, turn):
    assert Product.objects.count() == 1
    Product.objects.create(name="a")

def test_committed(transactional_db): assert Product.objects.count() == 1
""",
    )
    shop.run("-q").assert_outcomes(passed=4)


def test_classes_of_seedbed_in_parallel(shop: Project) -> None:  # noqa: F811
    body = """
import seedbed.unittest
from django.test import TestCase
class One(seedbed.unittest.TestCase):
    def test_a(self): self.make.shop_product(name="a")
    def test_b(self): self.make.shop_product(name="a")
class Two(TestCase):
    def test_a(self): pass
"""
    shop.file("shop/tests.py", body)
    ran = manage(shop, "test", "--parallel", "2")
    assert "Ran 3 tests" in ran.stderr and ran.returncode == 0, ran.stderr


def test_classes_of_manage_py_keep_their_numbers(shop: Project) -> None:  # noqa: F811
    shop.file(
        "shop/tests.py",
        """
from django.test import TestCase, TransactionTestCase
from shop.models import Product

class Rolled(TestCase):
    @classmethod
    def setUpTestData(cls): Product.objects.create(name="of the class")
    def test_a(self): Product.objects.create(name="a")

class Failing(TestCase):
    @classmethod
    def setUpTestData(cls):
        Product.objects.create(name="of the class")
        raise ValueError("on purpose")
    def test_a(self): pass

class Later(TransactionTestCase):
    def test_a(self): self.assertEqual(Product.objects.create(name="a").pk, 2)
""",
    )
    ran = manage(shop, "test")
    assert "Ran 2 tests" in ran.stderr and "FAILED (errors=1)" in ran.stderr, ran.stderr
