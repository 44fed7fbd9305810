"""Cancels the orders that nobody paid."""

from django.core.management.base import BaseCommand

from shop import checkout
from shop.models import Order


class Command(BaseCommand):
    help = "Cancels the orders that nobody paid"

    def handle(self, *args, **options):
        open_orders = Order.objects.filter(status=Order.Status.OPEN)
        for order in open_orders:
            checkout.cancel(order)
        self.stdout.write(f"{len(open_orders)} orders")
