"""Prints the tables of one module of the package Faker as JSON.

Arguments: the folder of the package, the path of the module in it.
A table is a list of texts; of weighted tables the texts, in their order.
"""

import importlib
import json
import sys

folder, path = sys.argv[1:]
sys.path.insert(0, folder)
name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
tables = {}
for word, value in vars(importlib.import_module(name).Provider).items():
    if isinstance(value, (list, tuple, dict)):
        texts = list(value)
        if texts and all(isinstance(text, str) for text in texts):
            tables[word] = texts
json.dump(tables, sys.stdout)
