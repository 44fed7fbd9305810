"""The bits layer of version 1 once more, from its description alone, in the
standard library of Python; checks the golden vectors.

    python3 check.py [v1.json]
"""

import hashlib
import json
import sys
import unicodedata
from pathlib import Path

WORD = 2**64 - 1
TAGS = {
    "null": 0, "bool": 1, "integer": 2, "numeric": 3, "text": 4, "bytes": 5,
    "timestamp": 6, "date": 7, "time": 8, "uuid": 9, "interval": 10, "list": 11,
}


def tlv(datum):
    kind, *parts = datum
    if kind == "null":
        body = b""
    elif kind == "bool":
        body = bytes([parts[0]])
    elif kind in ("bytes", "uuid"):
        body = bytes.fromhex(parts[0])
    elif kind == "interval":
        body = b"".join(tlv(["integer", part]) for part in parts)
    elif kind == "list":
        body = b"".join(tlv(part) for part in parts)
    else:
        body = unicodedata.normalize("NFC", parts[0]).encode()
    return bytes([TAGS[kind]]) + len(body).to_bytes(4, "big") + body


def column_key(column):
    message = b"seedbed/values/1" + b"".join(tlv(["text", part]) for part in column)
    return hashlib.sha256(message).digest()


def word(digest, index):
    return int.from_bytes(digest[8 * index:8 * index + 8], "big")


def keyed(column, key):
    message = column_key(column) + b"".join(tlv(datum) for datum in key)
    return word(hashlib.sha256(message).digest(), 0)


def philox(counter, key):
    left, right = counter
    for _ in range(10):
        product = left * 0xD2B74407B1CE6E93
        left, right = (product >> 64) ^ key ^ right, product & WORD
        key = (key + 0x9E3779B97F4A7C15) & WORD
    return [left, right]


class Stream:
    def __init__(self, column, ordinal, attempt=0):
        self.key = word(column_key(column), 0)
        self.ordinal, self.attempt, self.draw = ordinal, attempt, 0

    def next(self):
        block, half = divmod(self.draw, 2)
        self.draw += 1
        return philox([self.ordinal, (self.attempt << 32) + block], self.key)[half]

    def below(self, n):
        n = max(n, 1)
        threshold = 2**64 % n
        while True:
            product = self.next() * n
            if product & WORD >= threshold:
                return product >> 64


def permutation(column, n, position):
    half = max((max(n - 1, 0).bit_length() + 1) // 2, 1)
    key = word(column_key(column), 1)
    keys = [philox([n, block], key)[side] for block in range(4) for side in range(2)]

    def mix(value, key):
        bits = (value + key) & WORD
        bits = ((bits ^ bits >> 30) * 0xBF58476D1CE4E5B9) & WORD
        bits = ((bits ^ bits >> 27) * 0x94D049BB133111EB) & WORD
        return (bits ^ bits >> 31) >> (64 - half)

    value = position
    while True:
        left, right = value >> half, value & ((1 << half) - 1)
        for key in keys:
            left, right = right, left ^ mix(right, key)
        value = left << half | right
        if value < n:
            return value


def answer(vector):
    kind, column = vector["of"], vector.get("column")
    if kind == "tlv":
        return tlv(vector["datum"]).hex()
    if kind == "column":
        return column_key(column).hex()
    if kind == "keyed":
        return str(keyed(column, vector["key"]))
    if kind == "philox":
        return [str(out) for out in philox([int(part) for part in vector["counter"]], int(vector["key"]))]
    if kind == "draws":
        stream = Stream(column, int(vector["row"]), vector["attempt"])
        return [str(stream.next()) for _ in vector["gives"]]
    if kind == "below":
        stream = Stream(column, int(vector["row"]))
        return [str(stream.below(int(vector["n"]))) for _ in vector["gives"]]
    if kind == "permutation":
        return [str(permutation(column, int(vector["n"]), int(at))) for at in vector["at"]]
    return None


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("v1.json")
    vectors = json.loads(Path(path).read_text(encoding="utf-8"))
    checked = wrong = 0
    for vector in vectors:
        given = answer(vector)
        if given is None:
            continue  # Above the bits: words and formats, which only Rust has.
        checked += 1
        if given != vector["gives"]:
            wrong += 1
            print(f"gives {given}: {json.dumps(vector)}", file=sys.stderr)
    print(f"{checked} vectors checked, {wrong} wrong")
    sys.exit(wrong != 0 or checked == 0)


main()
