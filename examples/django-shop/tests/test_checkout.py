"""Ordering, each test in a transaction that is rolled back, as Django's own."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from shop import checkout
from shop.models import Customer, Item, Mail, Order, Product

pytestmark = pytest.mark.django_db


def test_a_shop_is_empty_at_first(client):
    assert client.get("/products").json() == {"products": []}


def test_a_product_that_is_there_is_shown(client, make):
    make.shop_product(slug="mug", price=Decimal("4.50"), stock=3)
    assert client.get("/products").json() == {"products": [{"slug": "mug", "price": "4.50"}]}


def test_what_is_sold_out_is_not_shown(client, make):
    make.shop_product(slug="mug", stock=0)
    assert client.get("/products").json() == {"products": []}


def test_an_order_takes_from_the_stock(make, order):
    make.shop_product(slug="mug", price="4.50", stock=3)
    said = order(make.shop_customer(), mug=2)
    assert said.status_code == 201
    assert said.json()["total"] == "9.00"
    assert Product.objects.get(slug="mug").stock == 1


def test_more_than_is_there_is_not_sold(make, order):
    make.shop_product(slug="mug", stock=1)
    make.shop_product(slug="tea-pot", stock=5)
    assert order(make.shop_customer(), mug=2, tea_pot=1).json() == {"sold_out": "mug"}
    assert not Order.objects.exists()
    assert Product.objects.get(slug="tea-pot").stock == 5


def test_somebody_unknown_orders_nothing(client, make):
    body = {"customer": "nobody@example.org", "items": {}}
    assert client.post("/orders", body, content_type="application/json").status_code == 404


def test_a_customer_is_found_however_the_address_is_written(client, make):
    make.shop_product(slug="mug", stock=1)
    make.shop_customer(email="ada@example.org")
    body = {"customer": "Ada@Example.org", "items": {"mug": 1}}
    assert client.post("/orders", body, content_type="application/json").status_code == 201


def test_a_cancelled_order_gives_back(make):
    make.shop_product(slug="mug", stock=3)
    customer = Customer.objects.get(pk=make.shop_customer().id)
    placed = checkout.place(customer, {"mug": 2})
    checkout.cancel(placed)
    checkout.cancel(placed)
    assert Product.objects.get(slug="mug").stock == 3


def test_what_is_paid_stays(make):
    row = make.shop_order(status="paid")
    checkout.cancel(Order.objects.get(pk=row.id))
    assert Order.objects.get(pk=row.id).status == "paid"


def test_an_item_has_all_it_needs(make):
    item = Item.objects.get(pk=make.shop_item(quantity=2).id)
    assert item.order.customer.email
    assert item.product.price > 0


def test_an_order_is_made_with_items(make):
    row = make.shop_order.with_(shop_item=3)(status="open")
    assert Item.objects.filter(order=row.id).count() == 3


def test_an_item_is_in_an_order_once(make):
    item = make.shop_item(quantity=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.create(order_id=item.order_id, product_id=item.product_id, quantity=1, price=1)
    assert Item.objects.count() == 1


def test_the_same_customer_is_the_same_row(make):
    first, second = (make.shop_customer(email="ada@example.org") for _ in range(2))
    assert (first.id, second.outcome) == (second.id, "matched")


def test_thanks_are_sent_when_it_is_committed(make, order, django_capture_on_commit_callbacks):
    make.shop_product(slug="mug", stock=1)
    with django_capture_on_commit_callbacks(execute=True):
        order(make.shop_customer(), mug=1)
    assert Mail.objects.count() == 1
