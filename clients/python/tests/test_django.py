"""Django on slots: `TestCase` as ever, `TransactionTestCase` by a rewind, no test database and no migration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from runner_project import Project, down, of_service, slots, wait_until

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ("pytester",)
pytest.importorskip("django")
pytest.importorskip("pytest_django")

FILES = {
    "seedbed.toml": f"""
[recipe]
command = ["{sys.executable}", "manage.py", "migrate", "--verbosity=0"]
inputs = ["shop/migrations/*.py"]
""",
    "manage.py": """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
    "settings.py": """
import os
SECRET_KEY = "x"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
def database(name):
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("PGDATABASE", name),
        "HOST": os.environ.get("PGHOST", "nowhere.invalid"),
        "PORT": os.environ.get("PGPORT", ""),
        "USER": os.environ.get("PGUSER", ""),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
    }
DATABASES = {"default": database("shop")}
if os.environ.get("ALIASES"):
    DATABASES["other"] = database("other")
    DATABASES["replica"] = {**database("shop"), "TEST": {"MIRROR": "default"}}
    DATABASES["lite"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
TEST_RUNNER = "seedbed.django.TestRunner"
""",
    "shop/__init__.py": "",
    "shop/models.py": """
from django.db import models
class Product(models.Model):
    name = models.CharField(max_length=50, unique=True)
class Order(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    paid = models.BooleanField(default=False)
""",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """
from django.db import migrations, models
def reference(apps, schema_editor):
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).create(name="from a migration")
class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Product", [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=50, unique=True)),
        ]),
        migrations.CreateModel("Order", [
            ("id", models.BigAutoField(primary_key=True)),
            ("paid", models.BooleanField(default=False)),
            ("product", models.ForeignKey("shop.Product", models.CASCADE)),
        ]),
        migrations.RunPython(reference, migrations.RunPython.noop),
    ]
""",
    "shop/fixtures/lamp.json": '[{"model": "shop.product", "pk": 500, "fields": {"name": "lamp of a fixture"}}]',
}

CLASSES = """
import threading
from django.db import connection, connections
from django.test import TestCase, TransactionTestCase
from shop.models import Order, Product

def names(): return sorted(Product.objects.values_list("name", flat=True))
REFERENCE = ["from a migration"]

class Plain(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.product = Product.objects.create(name="of the class")

    def test_a(self):
        self.assertEqual(names(), ["from a migration", "of the class"])
        self.product.delete()

    def test_b(self):
        self.assertEqual(names(), ["from a migration", "of the class"])
        Product.objects.create(name="b")

class Committing(TransactionTestCase):
    fixtures = ["lamp"]

    def test_a(self):
        # What migrations wrote is there, and the identity goes on where `loaddata` set it.
        self.assertEqual(names(), ["from a migration", "lamp of a fixture"])
        self.assertEqual(Product.objects.create(name="a").pk, 501)
        seen = []
        def other():
            seen.append(Product.objects.count())
            connection.close()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        self.assertEqual(seen, [3])

    def test_b(self):
        self.test_a()

class Schema(TransactionTestCase):
    def test_ddl(self):
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE shop_order")

    def test_ddl_again(self):
        self.test_ddl()

class TestZAfter(TestCase):
    def test_nothing_is_left(self):
        self.assertEqual(names(), REFERENCE)
        self.assertEqual(Order.objects.count(), 0)
"""


def write(path: Path) -> Path:
    for name, text in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@pytest.fixture(scope="module")
def django_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, str], None, None]:
    home = write(tmp_path_factory.mktemp("django"))
    yield of_service(home, 3)
    down(home)


@pytest.fixture
def shop(bare: Project, django_service: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Project:
    for name, value in django_service.items():
        monkeypatch.setenv(name, value)
    write(bare.path)
    monkeypatch.syspath_prepend(bare.path)
    bare.ini("DJANGO_SETTINGS_MODULE = settings", "pythonpath = .", "seedbed_django = all")
    return bare


def manage(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project.path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def databases_of(service: dict[str, str]) -> set[str]:
    """Names of the databases on a service's server."""
    from seedbed.service import Service

    client = Service(service["SEEDBED_API"], service["SEEDBED_API_SOCKET"], service["SEEDBED_TOKEN"], 1).connect()
    with client, client.acquire() as lease, psycopg.connect(lease.url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_classes_under_manage_py(shop: Project, django_service: dict[str, str]) -> None:
    shop.file("shop/tests.py", CLASSES)
    ran = manage(shop, "test", "-v", "2")
    assert ran.returncode == 0 and "Ran 7 tests" in ran.stderr, ran.stderr
    assert "Creating test database" not in ran.stderr + ran.stdout
    assert "Applying shop" not in ran.stderr + ran.stdout
    assert not any(name.startswith("test_") for name in databases_of(django_service))
    assert wait_until(lambda: all(slot["state"] == "free" for slot in slots(django_service)))


def test_classes_in_parallel(shop: Project, django_service: dict[str, str]) -> None:
    shop.file("shop/tests.py", CLASSES)
    ran = manage(shop, "test", "--parallel", "3")
    assert ran.returncode == 0 and "Ran 7 tests" in ran.stderr, ran.stderr
    assert wait_until(lambda: all(slot["state"] == "free" for slot in slots(django_service)))


def test_a_process_without_a_slot_reaches_no_database(shop: Project) -> None:
    shop.file("shop/tests.py", CLASSES)
    shop.file(
        "settings.py",
        FILES["settings.py"]
        + """
import multiprocessing
if multiprocessing.parent_process() is not None:
    os.environ["SEEDBED_API_SOCKET"] = "/nonexistent"
os.register_at_fork(after_in_child=lambda: os.environ.update(SEEDBED_API_SOCKET="/nonexistent"))
""",
    )
    ran = manage(shop, "test", "--parallel", "2")
    assert ran.returncode != 0
    assert "seedbed: no lease service listens at /nonexistent" in ran.stderr, ran.stderr
    assert "nowhere.invalid" not in ran.stderr


def test_classes_under_pytest(shop: Project, django_service: dict[str, str]) -> None:
    shop.file("test_shop.py", CLASSES)
    shop.run("-q").assert_outcomes(passed=7)
    shop.run("-q", "-n", "2").assert_outcomes(passed=7)
    assert not any(name.startswith("test_") for name in databases_of(django_service))


def test_functions(shop: Project) -> None:
    shop.file(
        "test_shop.py",
        """
import pytest
from django.db import connection, transaction
from shop.models import Order, Product

def names(): return sorted(Product.objects.values_list("name", flat=True))
REFERENCE = ["from a migration"]
PKS = set()

@pytest.mark.django_db
@pytest.mark.parametrize("turn", range(2))
def test_rolled_back(turn):
    assert connection.in_atomic_block
    assert names() == REFERENCE
    Product.objects.create(name="a")

def test_fixture_db(db):
    assert names() == REFERENCE
    Product.objects.create(name="a")

@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(2))
def test_committed(turn, seedbed):
    import psycopg
    assert not connection.in_atomic_block
    assert names() == REFERENCE
    PKS.add(Product.objects.create(name="a").pk)
    # A sequence goes back as well, though not after tests that Django rolls back.
    assert len(PKS) == 1
    with psycopg.connect(seedbed.url) as other:
        assert other.execute("SELECT count(*) FROM shop_product").fetchone() == (2,)

def test_transactional_db(transactional_db):
    assert names() == REFERENCE
    Product.objects.all().delete()

@pytest.mark.django_db(transaction=True, reset_sequences=True, serialized_rollback=True)
def test_options():
    assert names() == REFERENCE

@pytest.mark.django_db
def test_make_in_the_test_s_transaction(make):
    order = make.shop_order(paid=True)
    assert Order.objects.get(pk=order.id).paid
    assert connection.in_atomic_block

@pytest.mark.django_db(transaction=True)
def test_make_committed(make):
    order = make.shop_order()
    assert Order.objects.filter(pk=order.id).exists()

def test_make_without_access(make):
    assert make.shop_product(name="b").outcome == "created"
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Product.objects.count()

def test_no_access():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Product.objects.count()

@pytest.mark.django_db
def test_after():
    assert names() == REFERENCE

@pytest.mark.django_db(transaction=True)
def test_failing():
    Product.objects.create(name="evidence")
    assert 0
""",
    )
    result = shop.run("-q")
    result.assert_outcomes(passed=12, failed=1)
    result.stdout.fnmatch_lines(["*- seedbed -*", "slot *, lane rewind"])
    result = shop.run("-q", "-n", "2", "--seedbed-keep", "-k", "failing or committed")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*seedbed kept open *"])


def test_several_databases(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIASES", "1")
    shop.file(
        "test_shop.py",
        """
import pytest
from django.db import connections
from shop.models import Product

@pytest.mark.django_db(transaction=True, databases=["default", "other", "replica"])
@pytest.mark.parametrize("turn", range(2))
def test_two(turn):
    place = {alias: connections[alias].settings_dict["NAME"] for alias in ("default", "other", "replica")}
    assert place["default"] == place["replica"] != place["other"]
    assert Product.objects.using("other").count() == 1
    Product.objects.using("default").create(name="a")
    Product.objects.using("other").create(name="a")
    assert Product.objects.using("replica").count() == 2

@pytest.mark.django_db(transaction=True, databases=["default", "lite"])
@pytest.mark.parametrize("turn", range(2))
def test_lite_is_flushed_by_django(turn):
    assert Product.objects.using("lite").filter(name="a").count() == 0
    Product.objects.using("lite").create(name="a")
    assert Product.objects.using("default").count() == 1
    Product.objects.using("default").create(name="a")
""",
    )
    shop.run("-q").assert_outcomes(passed=4)


def test_a_stale_schema_is_told(shop: Project) -> None:
    shop.file(
        "shop/migrations/0002_later.py",
        "from django.db import migrations\nclass Migration(migrations.Migration):\n"
        "    dependencies = [('shop', '0001_initial')]\n    operations = []\n",
    )
    shop.file("test_shop.py", "import pytest\n@pytest.mark.django_db\ndef test_it(): pass\n")
    result = shop.run("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*lacks migrations of Django (default): shop.0002_later*", "*manage.py migrate*"])


def test_an_unknown_alias_is_told(shop: Project) -> None:
    shop.ini("DJANGO_SETTINGS_MODULE = settings", "pythonpath = .", "seedbed_django = defualt")
    shop.file("test_shop.py", "import pytest\n@pytest.mark.django_db\ndef test_it(): pass\n")
    result = shop.run("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*seedbed_django names defualt, but settings.DATABASES has default*"])


def test_live_server_and_client(shop: Project) -> None:
    shop.file(
        "urls.py",
        """
from django.http import JsonResponse
from django.urls import path
from shop.models import Product
def make(request):
    Product.objects.create(name="through the server")
    return JsonResponse({"count": Product.objects.count()})
urlpatterns = [path("make", make)]
""",
    )
    shop.file(
        "settings.py", FILES["settings.py"] + "\nROOT_URLCONF = 'urls'\nSTATIC_URL = 'static/'\nALLOWED_HOSTS = ['*']\n"
    )
    shop.file(
        "test_shop.py",
        """
import json, pytest, urllib.request
from shop.models import Product

@pytest.mark.parametrize("turn", range(2))
def test_live(live_server, turn):
    with urllib.request.urlopen(live_server.url + "/make") as reply:
        assert json.load(reply) == {"count": 2}
    assert Product.objects.count() == 2

@pytest.mark.django_db(transaction=True)
def test_client(client):
    assert client.get("/make").json() == {"count": 2}
""",
    )
    shop.run("-q").assert_outcomes(passed=3)
