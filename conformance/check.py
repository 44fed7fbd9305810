"""Plays the scripts in `runs` to the interpreter in `reference.py`: python3 check.py [runs/hit.json …]."""

import json
import pathlib
import sys

from reference import Refused, Run

HERE = pathlib.Path(__file__).resolve().parent


class Trouble(Exception):
    pass


class Theatre:
    """Database and Seedbed at once: each call must be the next line of the script."""

    def __init__(self, vector):
        self.in_transaction = vector["in_transaction"]
        self.script = iter(vector["script"])

    def says(self, asked):
        line = next(self.script, None)
        assert line, f"the script is over, but: {asked}"
        assert line["expect"] == asked, f"\n  expected {line['expect']}\n  but      {asked}"
        answer = line.get("answer", {})
        if "error" in answer:
            raise Refused(**answer["error"])
        return answer

    def begin(self):
        self.says("begin")
        self.in_transaction = True

    def commit(self):
        self.in_transaction = False
        self.says("commit")

    def rollback(self):
        self.in_transaction = False
        self.says("rollback")

    def query(self, sql, parameters, savepoint):
        return self.says({"query": {"sql": sql, "parameters": parameters, "savepoint": savepoint}})["rows"]

    def values(self, request):
        return self.says({"values": request})["values"]

    def diagnosis(self, trouble):
        return Trouble(trouble)


def play(vector):
    theatre = Theatre(vector)
    try:
        result = {"made": Run(vector["plan"], vector["arguments"], vector["count"], theatre, theatre).run()}
    except Trouble as trouble:
        result = {"trouble": trouble.args[0]}
    assert result == vector["result"], f"\n  expected {vector['result']}\n  but      {result}"
    unplayed = list(theatre.script)
    assert not unplayed, f"never asked for: {unplayed}"


def main():
    failed = 0
    paths = [pathlib.Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("runs/*.json"))
    for path in paths:
        try:
            play(json.loads(path.read_text(encoding="utf-8")))
        except Exception as error:
            failed += 1
            print(f"{path.name}: {type(error).__name__}: {error}", file=sys.stderr)
    print(f"{len(paths) - failed} of {len(paths)} runs passed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
