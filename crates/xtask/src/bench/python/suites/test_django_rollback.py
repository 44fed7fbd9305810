# In one transaction, which is rolled back: nothing is ever committed.
import pytest
from chains.models import T1


@pytest.mark.django_db
def test_it(number):
    T1.objects.create(number=1_000_001)
