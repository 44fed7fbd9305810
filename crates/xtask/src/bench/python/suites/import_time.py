# What `import seedbed` takes, and what the plugin takes where pytest is there.
import json
import os
import subprocess
import sys


def cumulative(statement, module):
    command = [sys.executable, "-X", "importtime", "-c", statement]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    columns = (line.split("|") for line in said.splitlines() if line.count("|") == 2)
    return next(int(time) for _, time, name in columns if name.strip() == module)


told = {"package": [], "plugin": []}
for _ in range(int(os.environ["BENCH_TESTS"])):
    told["package"].append(cumulative("import seedbed", "seedbed"))
    told["plugin"].append(cumulative("import pytest, seedbed.pytest_plugin", "seedbed.pytest_plugin"))
with open(os.environ["BENCH_TOLD"], "w") as file:
    json.dump(told, file)
