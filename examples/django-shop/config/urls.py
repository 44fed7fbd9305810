"""What the shop answers to."""

from django.urls import path

from shop import views

urlpatterns = [
    path("products", views.products),
    path("products/<slug:slug>", views.product),
    path("orders", views.orders),
    path("orders/<int:number>", views.order),
]
