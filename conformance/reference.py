"""An interpreter of Seedbed's plans (docs/plan.md), standard library only: to copy and to check others against.

It needs two objects of yours:
  db       in_transaction; begin(), commit(), rollback(), which keep it up to date;
           query(sql, parameters, savepoint) -> rows of text, where None is NULL; raises Refused
  seedbed  values(request) -> values; diagnosis(trouble) -> the exception to raise
"""


class Refused(Exception):
    """The server refused a statement."""

    def __init__(self, sqlstate=None, message=None, constraint=None, table=None, column=None):
        super().__init__(message)
        self.fields = dict(sqlstate=sqlstate, message=message, constraint=constraint, table=table, column=column)


class Run:
    def __init__(self, plan, arguments, count, db, seedbed):
        if plan["plan"] != 1:
            raise ValueError(f"this client runs plans of version 1, not {plan['plan']}")
        self.plan, self.arguments, self.count, self.db, self.seedbed = plan, arguments, count, db, seedbed
        self.bindings = {b["name"]: b for b in plan["bindings"]}
        self.size = {n: 1 if b["rows"] == "one" else b["rows"]["times"] * count for n, b in self.bindings.items()}
        self.rows = {n: [None] * size for n, size in self.size.items()}
        self.outcomes = {n: ["matched"] * size for n, size in self.size.items()}
        self.differs = {n: set() for n in self.bindings}
        self.kept = {n: set() for n in self.bindings}
        self.spared = {n: set() for n in self.bindings}
        self.values = None
        self.own = False

    def run(self):
        try:
            for step in self.plan["steps"]:
                self.spare(step)
                if self.todo(step):
                    self.step(step)
        except BaseException:
            if self.own:
                self.db.rollback()
            raise
        if self.own:
            try:
                self.db.commit()
            except Refused as error:
                raise self.trouble({"name": "commit"}, "refused", [], error) from error
        return [
            dict(binding=n, table=b["table"], columns=b["columns"], rows=self.rows[n], outcomes=self.outcomes[n],
                 **({"kept": dict(columns=b["kept"], ordinals=sorted(self.kept[n]))} if self.kept[n] else {}))
            for n, b in self.bindings.items()
            if not b.get("key_of") and not self.missing(n)
        ]

    def step(self, step):
        into, on = step["into"], step["on"]
        if step["sql"]:
            if wants_values(step) and self.values is None:
                self.values = self.seedbed.values(self.request())
            writes = step.get("outcome") != "matched" and not step.get("alone")
            if self.plan["transaction"] and not self.db.in_transaction and writes:
                self.db.begin()
                self.own = True
            try:
                answer = self.execute(step, step.get("savepoint", False))
            except Refused as error:
                if error.fields["sqlstate"] not in step.get("tolerates", ()):
                    raise self.trouble(step, "refused", [], error) from error
                answer = []
            seen = set()
            for ordinal, same, *columns in answer:
                i = int(ordinal or 0)
                if i in seen and self.rows[into][i] != columns:
                    raise self.trouble(step, "split", [i])
                seen.add(i)
                self.rows[into][i] = columns
                (self.differs[into].add if same == "f" and on != "differing" else self.differs[into].discard)(i)
                (self.kept[into].add if same == "k" else self.kept[into].discard)(i)
                if step.get("outcome") and self.outcomes[into][i] != "created":
                    self.outcomes[into][i] = step["outcome"]
        left = sorted(self.differs[into]) if on == "differing" else self.open(into)
        if step.get("last") and left:
            raise self.trouble(step, "left", left)

    def missing(self, name):
        return [i for i, row in enumerate(self.rows[name]) if row is None]

    def open(self, name):
        return [i for i in self.missing(name) if i not in self.spared[name]]

    def spare(self, step):
        into, size = step["into"], range(self.size[step["into"]])
        needed = set() if step.get("needed_for") else set(size)
        for n in step.get("needed_for", ()):
            alike = self.size[n] == len(size) and not self.bindings[into].get("key_of")
            needed.update(size if self.open(n) and not alike else self.open(n))
        self.spared[into] = set(size) - needed

    def todo(self, step):
        name = step["into"]
        every = {"missing": lambda: self.missing(name), "differing": lambda: sorted(self.differs[name])}
        rows = every.get(step["on"], lambda: range(self.size[name]))()
        return [i for i in rows if i not in self.spared[name]]

    def asked_for(self, step):
        needed_for = step.get("needed_for")
        return not needed_for or any(self.open(n) for n in needed_for)

    def execute(self, step, savepoint):
        todo = self.todo(step)
        parameters = [self.render(p, step["into"], todo) for p in step["parameters"]]
        return self.db.query(step["sql"], parameters, savepoint and self.db.in_transaction)

    def render(self, parameter, into, todo):
        (kind, what), = parameter.items() if isinstance(parameter, dict) else ((parameter, None),)
        if kind == "number":
            return str(len(todo))
        if self.bindings[into]["rows"] == "one":
            return self.one(kind, what, into, 0)
        return "{" + ",".join(element(self.one(kind, what, into, i)) for i in todo) + "}"

    def one(self, kind, what, into, i):
        if kind == "text":
            return what
        if kind == "ordinals":
            return str(i)
        if kind == "argument":
            argument = self.arguments[what]
            return argument[i] if isinstance(argument, list) else argument
        name, column = what
        at = i * self.size[name] // self.size[into]
        if kind == "value":
            return self.values[name][column][at]
        return self.rows[name][at][[c["name"] for c in self.bindings[name]["columns"]].index(column)]

    def request(self):
        return dict(
            shape=self.plan["shape"], arguments=self.arguments, count=self.count,
            keys={b["key_of"]: self.rows[n] for n, b in self.bindings.items() if b.get("key_of")},
            missing={n: self.missing(n) for n in self.bindings})

    def trouble(self, step, reason, ordinals, error=Refused()):
        evidence = {}
        for e in self.plan["evidence"]:
            if self.asked_for(e) and self.todo(e) and (self.values is not None or not wants_values(e)):
                try:
                    evidence[e["name"]] = self.execute(e, True)
                except Refused:
                    pass
        trouble = dict(error.fields, step=step["name"], reason=reason, ordinals=ordinals, evidence=evidence)
        return self.seedbed.diagnosis(dict(trouble, run=self.request()))


def element(text):
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def wants_values(step):
    return any(isinstance(p, dict) and "value" in p for p in step["parameters"])
