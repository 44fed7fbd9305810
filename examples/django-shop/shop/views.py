"""The shop over HTTP."""

import json

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from shop import checkout
from shop.models import Customer, Order, Product


@require_GET
def products(request: HttpRequest) -> JsonResponse:
    found = Product.objects.filter(stock__gt=0).order_by("name")
    return JsonResponse({"products": [{"slug": one.slug, "price": str(one.price)} for one in found]})


@require_GET
def product(request: HttpRequest, slug: str) -> JsonResponse:
    found = get_object_or_404(Product, slug=slug)
    return JsonResponse({"name": found.name, "stock": found.stock})


@csrf_exempt
@require_POST
def orders(request: HttpRequest) -> JsonResponse:
    wanted = json.loads(request.body)
    customer = get_object_or_404(Customer, email__iexact=wanted["customer"])
    try:
        order = checkout.place(customer, wanted["items"])
    except checkout.SoldOut as error:
        return JsonResponse({"sold_out": str(error)}, status=409)
    return JsonResponse({"order": order.pk, "total": str(checkout.total(order))}, status=201)


@require_GET
def order(request: HttpRequest, number: int) -> JsonResponse:
    found = get_object_or_404(Order, pk=number)
    return JsonResponse({"status": found.status, "total": str(checkout.total(found))})
