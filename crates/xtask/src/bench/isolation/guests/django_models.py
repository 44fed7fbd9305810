# The same tables as models: chains of ten, three indexes and a sequence each.
import os

from django.db import models
from django.db.models.functions import Now


def table(table_name, **columns):
    meta = type("Meta", (), {"db_table": table_name})
    common = {
        "number": models.BigIntegerField(unique=True),
        "amount": models.DecimalField(max_digits=12, decimal_places=2, db_default=0),
    }
    body = {"__module__": __name__, "Meta": meta, **common, **columns}
    return type(table_name.capitalize(), (models.Model,), body)


def link(number):
    if number % 10 == 1:
        return models.BigIntegerField(null=True, db_index=True)
    return models.ForeignKey(f"T{number - 1}", null=True, on_delete=models.CASCADE)


for number in range(1, int(os.environ["BENCH_TABLES"]) + 1):
    name = f"t{number}"
    globals()[name.capitalize()] = table(
        name,
        parent=link(number),
        name=models.TextField(db_default="a name"),
        created_at=models.DateTimeField(db_default=Now()),
    )

Big = table(
    "big",
    text=models.TextField(db_default=""),
    created_at=models.DateTimeField(db_default=Now(), db_index=True),
)
