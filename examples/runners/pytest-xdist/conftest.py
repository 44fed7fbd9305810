"""One lease for each worker; a mark before each test, a rewind after it."""

import os

import pytest

from lease import Database, Lease


@pytest.fixture(scope="session")
def database():
    lease = Lease(os.environ.get("PYTEST_XDIST_WORKER", "main"))
    database = Database(lease)
    yield database
    database.close()
    lease.service.close()


@pytest.fixture(autouse=True)
def rewound(request, database):
    test = request.node.nodeid
    mark = database.lease.mark(test)
    yield
    database.back_to(mark, test)
