# Each test commits, and is followed by a flush, which is how Django's
# TransactionTestCase isolates. A flush leaves no rows, so there is nothing a
# test could do but insert.
import pytest
from django.db import connection


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(5000))
def test_peer(number, turns):
    sql = turns.next("inserts")
    with connection.cursor() as cursor:
        cursor.execute(sql)
