"""Django beyond its classes: views and tests that are coroutines, migrations as the recipe."""

from __future__ import annotations

import pytest

from runner_project import Project, down
from test_django import FILES, django_service, shop  # noqa: F401

pytest_plugins = ("pytester",)
pytest.importorskip("django")
pytest.importorskip("pytest_django")

URLS = """
import asyncio
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.http import JsonResponse
from django.urls import path
from shop.models import Product

async def add(request):
    await Product.objects.acreate(name=request.GET["name"])
    return JsonResponse({"count": await Product.objects.acount()})

@sync_to_async
def both(first, second):
    with transaction.atomic():
        Product.objects.create(name=first)
        Product.objects.create(name=second)

async def swap(request):
    try:
        await both("a", "a")
    except Exception as error:
        return JsonResponse({"error": type(error).__name__, "count": await Product.objects.acount()})

async def many(request):
    await asyncio.gather(*(Product.objects.acreate(name=f"n{number}") for number in range(5)))
    return JsonResponse({"names": [product.name async for product in Product.objects.order_by("name")]})

urlpatterns = [path("add", add), path("swap", swap), path("many", many)]
"""

ASYNC = """
import pytest
from django.test import AsyncClient, TransactionTestCase
from shop.models import Product

transactional = pytest.mark.django_db(transaction=True)

@pytest.mark.asyncio
@transactional
@pytest.mark.parametrize("turn", range(2))
async def test_a_view_commits(async_client, make, turn):
    reply = await async_client.get("/add", {"name": "a"})
    assert reply.json() == {"count": 2}

@pytest.mark.asyncio
@transactional
async def test_a_view_rolls_back(async_client):
    assert (await async_client.get("/swap")).json() == {"error": "IntegrityError", "count": 1}

@pytest.mark.asyncio
@pytest.mark.django_db
@pytest.mark.parametrize("turn", range(2))
async def test_in_a_transaction_that_is_rolled_back(async_client, turn):
    assert (await async_client.get("/many")).json() == {"names": ["from a migration", *(f"n{n}" for n in range(5))]}

@transactional
@pytest.mark.asyncio
async def test_rows_are_made_by_the_service(async_client, seedbed):
    seedbed.make.shop_product(name="made")
    assert (await async_client.get("/add", {"name": "a"})).json() == {"count": 3}

class Coroutines(TransactionTestCase):
    async def test_a(self):
        reply = await self.async_client.get("/add", {"name": "a"})
        self.assertEqual(reply.json(), {"count": 2})

    async def test_b(self):
        await self.test_a()

@pytest.mark.django_db
def test_nothing_is_left():
    assert list(Product.objects.values_list("name", flat=True)) == ["from a migration"]
"""

NUMBERS = """
import pytest
import seedbed
from django.test import TestCase, TransactionTestCase
from shop.models import Product

transactional = pytest.mark.django_db(transaction=True)

class Rolled(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.product = Product.objects.create(name="of the class")
    def test_a(self): Product.objects.create(name="a")
    def test_b(self): Product.objects.create(name="b")

class Committed(TransactionTestCase):
    def test_a(self): self.assertEqual(Product.objects.create(name="a").pk, 2)
    def test_b(self): self.assertEqual(Product.objects.create(name="b").pk, 2)

@pytest.mark.django_db
@pytest.mark.parametrize("turn", range(3))
def test_rolled_back(turn): Product.objects.create(name="a")

@transactional
@pytest.mark.parametrize("turn", range(3))
def test_committed(turn): assert Product.objects.create(name="a").pk == 2
"""

SHARED = """
import pytest
import seedbed
from shop.models import Product

@seedbed.shared(scope="module")
def lamps(make): return make.shop_product.list(2, name=["lamp", "lantern"])

@pytest.fixture(autouse=True)
def there(lamps, db): assert Product.objects.count() == 3

@pytest.mark.django_db
@pytest.mark.parametrize("turn", range(3))
def test_rolled_back(turn): Product.objects.create(name="a")

@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_committed(turn):
    assert Product.objects.create(name="a").pk == 4
    Product.objects.filter(name="lamp").delete()

@pytest.mark.django_db(transaction=True)
def test_replaced():
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_product ADD COLUMN colour text")
    assert Product.objects.create(name="a").pk == 4
"""

LATER = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.AddField("Product", "price", models.IntegerField(default=3))]
"""


def test_views_and_tests_that_are_coroutines(shop: Project) -> None:  # noqa: F811
    pytest.importorskip("pytest_asyncio")
    shop.file("urls.py", URLS)
    shop.file("settings.py", FILES["settings.py"] + "\nROOT_URLCONF = 'urls'\nALLOWED_HOSTS = ['*']\n")
    shop.file("test_views.py", ASYNC)
    shop.ini(
        "DJANGO_SETTINGS_MODULE = settings",
        "pythonpath = .",
        "seedbed_django = all",
        "asyncio_default_fixture_loop_scope = function",
    )
    shop.run("-q").assert_outcomes(passed=9)
    shop.run("-q", "-n", "2").assert_outcomes(passed=9)


@pytest.mark.parametrize("seed", range(2))
def test_numbers_do_not_depend_on_the_order(shop: Project, seed: int) -> None:  # noqa: F811
    pytest.importorskip("pytest_randomly")
    shop.file("test_numbers.py", NUMBERS)
    shop.file("test_shared.py", SHARED)
    # pytest-django sorts: classes first. Here they come as they come.
    shop.file(
        "conftest.py",
        "import pytest, random\n@pytest.hookimpl(trylast=True)\ndef pytest_collection_modifyitems(items):\n"
        f"    files = sorted({{i.path for i in items}})\n    random.Random({seed}).shuffle(items)\n"
        "    items.sort(key=lambda i: (files.index(i.path), str(i.cls)))\n",
    )
    shop.run("-q").assert_outcomes(passed=17)


def test_aliases_that_point_to_the_slot_need_not_be_named(shop: Project) -> None:  # noqa: F811
    lines = FILES["settings.py"].replace('"PGDATABASE"', '"DATABASE_NAME"').replace('"PGHOST"', '"DATABASE_HOST"')
    lines = lines.replace('"PGPORT"', '"DATABASE_PORT"').replace('"PGUSER"', '"DATABASE_USER"')
    shop.file("settings.py", lines.replace('"PGPASSWORD"', '"DATABASE_PASSWORD"'))
    shop.file("test_numbers.py", NUMBERS)
    shop.file(
        "test_place.py",
        "import pytest\nfrom django.db import connection\n@pytest.mark.django_db\ndef test_place(seedbed, make):\n"
        "    assert connection.settings_dict['NAME'] == seedbed.database\n"
        "    assert make.shop_product().outcome == 'created' and connection.in_atomic_block\n"
        "def test_without_a_database():\n    pass\n",
    )
    shop.ini(
        "DJANGO_SETTINGS_MODULE = settings",
        "pythonpath = .",
        "seedbed_env =",
        "    DATABASE_NAME=database",
        "    DATABASE_HOST=host",
        "    DATABASE_PORT=port",
        "    DATABASE_USER=user",
        "    DATABASE_PASSWORD=password",
    )
    shop.run("-q").assert_outcomes(passed=12)
    shop.run("-q", "-n", "2").assert_outcomes(passed=12)


def test_migrations_run_once_and_again_when_one_is_added(bare: Project) -> None:
    for name, text in FILES.items():
        bare.file(name, text)
    bare.ini("DJANGO_SETTINGS_MODULE = settings", "pythonpath = .", "seedbed_django = all")
    bare.file(
        "test_shop.py",
        "import pytest\nfrom shop.models import Product\n@pytest.mark.django_db\ndef test_it(make):\n"
        "    assert make.shop_product(name='a').outcome == 'created'\n"
        "    assert getattr(Product.objects.get(name='a'), 'price', None) == PRICE\n".replace("PRICE", "None"),
    )
    try:
        bare.run("-q").assert_outcomes(passed=1)
        bare.file("shop/migrations/0002_later.py", LATER)
        models = FILES["shop/models.py"].replace(
            "unique=True)", "unique=True)\n    price = models.IntegerField(default=3)"
        )
        bare.file("shop/models.py", models)
        test = (bare.path / "test_shop.py").read_text()
        bare.file(
            "test_shop.py",
            test.replace("make.shop_product(name='a')", "make.shop_product(name='a', price=7)").replace(
                "== None", "== 7"
            ),
        )
        bare.run("-q").assert_outcomes(passed=1)
    finally:
        down(bare.path)
