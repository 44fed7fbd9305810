"""Placing an order, paying it, taking it back."""

from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum

from shop.models import Customer, Item, Mail, Order, Product


class SoldOut(Exception):
    """Less is left than was ordered; the message names the product."""


@transaction.atomic
def place(customer: Customer, wanted: dict[str, int]) -> Order:
    """Orders so much of each product, or nothing."""
    order = Order.objects.create(customer=customer)
    products = Product.objects.select_for_update().order_by("pk")
    for product in products.filter(slug__in=wanted):
        quantity = wanted[product.slug]
        if product.stock < quantity:
            raise SoldOut(product.slug)
        product.stock -= quantity
        product.save(update_fields=["stock"])
        Item.objects.create(order=order, product=product, quantity=quantity, price=product.price)
    transaction.on_commit(lambda: thank(order))
    return order


def thank(order: Order) -> None:
    """Only for an order that was really placed."""
    Mail.objects.create(to=order.customer.email, subject=f"Your order {order.pk}")


@transaction.atomic
def cancel(order: Order) -> None:
    """Takes an order back; what was paid stays."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.status != Order.Status.OPEN:
        return
    for item in order.items.all():
        Product.objects.filter(pk=item.product_id).update(stock=F("stock") + item.quantity)
    order.status = Order.Status.CANCELLED
    order.save(update_fields=["status"])


def total(order: Order) -> Decimal:
    """What it costs."""
    return order.items.aggregate(sum=Sum(F("price") * F("quantity")))["sum"] or Decimal(0)
