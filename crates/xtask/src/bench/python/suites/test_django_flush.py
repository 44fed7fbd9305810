# Commits, and every table is flushed after it.
import pytest
from chains.models import T1


@pytest.mark.django_db(transaction=True)
def test_it(number):
    T1.objects.create(number=1_000_001)
