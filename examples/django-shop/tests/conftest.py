"""What several files need."""

import pytest


@pytest.fixture
def order(client):
    """Orders over HTTP, and returns the answer."""

    def order(customer, **items):
        items = {slug.replace("_", "-"): quantity for slug, quantity in items.items()}
        body = {"customer": customer.email, "items": items}
        return client.post("/orders", body, content_type="application/json")

    return order
