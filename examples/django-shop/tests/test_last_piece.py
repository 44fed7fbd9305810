"""Commits on several connections, as in production."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connection, connections

from shop import checkout
from shop.models import Customer, Mail, Order, Product

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(work, times):
    """Each has a connection of its own, and ends it."""

    def once(number):
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(once, range(times)))


@pytest.mark.parametrize("turn", range(3))
def test_the_last_piece_is_sold_once(make, turn):
    make.shop_product(slug="mug", stock=1)
    customers = [make.shop_customer(email=f"{name}@example.org") for name in ("ada", "ben", "cem")]

    def buy(number):
        customer = Customer.objects.get(pk=customers[number].id)
        try:
            return checkout.place(customer, {"mug": 1}).pk
        except checkout.SoldOut:
            return None

    sold = [number for number in in_threads(buy, 3) if number]
    assert len(sold) == 1
    assert Order.objects.count() == 1
    assert Mail.objects.count() == 1


def test_numbers_begin_anew_in_every_test(make):
    assert make.shop_order().id == 1


def test_numbers_begin_anew_in_this_one_too(make):
    assert make.shop_order().id == 1


def test_another_connection_sees_what_was_committed(make):
    make.shop_product(slug="mug", stock=1)
    assert in_threads(lambda _: Product.objects.count(), 2) == [1, 1]


def test_open_orders_are_forgotten(make, capsys):
    for status in ("open", "open", "paid"):
        make.shop_order.fresh(status=status)
    call_command("forget_open_orders")
    assert capsys.readouterr().out == "2 orders\n"
    assert sorted(Order.objects.values_list("status", flat=True)) == ["cancelled", "cancelled", "paid"]


def test_tables_may_be_emptied(make):
    make.shop_item()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE shop_customer CASCADE")
    assert not Order.objects.exists()


def test_the_schema_may_be_changed(make):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_product ADD COLUMN colour text NOT NULL DEFAULT 'white'")
    assert make.shop_product(colour="blue").colour == "blue"
