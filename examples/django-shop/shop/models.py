"""The tables."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Lower


class Customer(models.Model):
    user = models.OneToOneField(User, null=True, on_delete=models.SET_NULL)
    email = models.EmailField()
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="customer_email")]


class Product(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=9, decimal_places=2)
    stock = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(price__gt=0), name="product_price_positive")]


class Order(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        CANCELLED = "cancelled"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    placed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["open", "paid", "cancelled"]), name="order_status_known"
            )
        ]


class Item(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=9, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "product"], name="item_once_per_order"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="item_quantity_positive"),
        ]


class Mail(models.Model):
    to = models.EmailField()
    subject = models.CharField(max_length=200)
