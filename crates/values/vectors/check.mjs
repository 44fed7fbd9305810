// The bits layer of version 1 once more, from its description alone, with
// nothing but Node; checks the golden vectors.
//
//     node check.mjs [v1.json]

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const WORD = 2n ** 64n - 1n;
const TAGS = ["null", "bool", "integer", "numeric", "text", "bytes", "timestamp", "date", "time", "uuid", "interval", "list"];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const word = (digest, index) => digest.readBigUInt64BE(8 * index);

function tlv([kind, ...parts]) {
  const body = {
    null: () => Buffer.alloc(0),
    bool: () => Buffer.from([parts[0] ? 1 : 0]),
    bytes: () => Buffer.from(parts[0], "hex"),
    uuid: () => Buffer.from(parts[0], "hex"),
    interval: () => Buffer.concat(parts.map((part) => tlv(["integer", part]))),
    list: () => Buffer.concat(parts.map(tlv)),
  }[kind] ?? (() => Buffer.from(parts[0].normalize("NFC"), "utf8"));
  const bytes = body();
  const head = Buffer.alloc(5);
  head[0] = TAGS.indexOf(kind);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const columnKey = (column) =>
  sha256(Buffer.concat([Buffer.from("seedbed/values/1"), ...column.map((part) => tlv(["text", part]))]));

const keyed = (column, key) => word(sha256(Buffer.concat([columnKey(column), ...key.map(tlv)])), 0);

function philox([left, right], key) {
  for (let round = 0; round < 10; round += 1) {
    const product = left * 0xd2b74407b1ce6e93n;
    [left, right] = [(product >> 64n) ^ key ^ right, product & WORD];
    key = (key + 0x9e3779b97f4a7c15n) & WORD;
  }
  return [left, right];
}

function* stream(column, ordinal, attempt = 0) {
  const key = word(columnKey(column), 0);
  for (let block = 0n; ; block += 1n) yield* philox([ordinal, (BigInt(attempt) << 32n) + block], key);
}

function below(draws, n) {
  const threshold = 2n ** 64n % n;
  for (;;) {
    const product = draws.next().value * n;
    if ((product & WORD) >= threshold) return product >> 64n;
  }
}

function permutation(column, n, position) {
  const bits = n > 1n ? (n - 1n).toString(2).length : 0;
  const half = BigInt(Math.max(Math.ceil(bits / 2), 1));
  const key = word(columnKey(column), 1);
  const keys = [0n, 1n, 2n, 3n].flatMap((block) => philox([n, block], key));
  const mix = (value, key) => {
    let out = (value + key) & WORD;
    out = ((out ^ (out >> 30n)) * 0xbf58476d1ce4e5b9n) & WORD;
    out = ((out ^ (out >> 27n)) * 0x94d049bb133111ebn) & WORD;
    return (out ^ (out >> 31n)) >> (64n - half);
  };
  for (let value = position; ; ) {
    let [left, right] = [value >> half, value & ((1n << half) - 1n)];
    for (const key of keys) [left, right] = [right, left ^ mix(right, key)];
    value = (left << half) | right;
    if (value < n) return value;
  }
}

const answers = {
  tlv: ({ datum }) => tlv(datum).toString("hex"),
  column: ({ column }) => columnKey(column).toString("hex"),
  keyed: ({ column, key }) => String(keyed(column, key)),
  philox: ({ counter, key }) => philox(counter.map(BigInt), BigInt(key)).map(String),
  draws: ({ column, row, attempt, gives }) => {
    const draws = stream(column, BigInt(row), attempt);
    return gives.map(() => String(draws.next().value));
  },
  below: ({ column, row, n, gives }) => {
    const draws = stream(column, BigInt(row));
    return gives.map(() => String(below(draws, BigInt(n))));
  },
  permutation: ({ column, n, at }) => at.map((position) => String(permutation(column, BigInt(n), BigInt(position)))),
};

const path = process.argv[2] ?? new URL("v1.json", import.meta.url);
let checked = 0;
let wrong = 0;
for (const vector of JSON.parse(readFileSync(path, "utf8"))) {
  const answer = answers[vector.of];
  if (!answer) continue; // Above the bits: words and formats, which only Rust has.
  checked += 1;
  const given = answer(vector);
  if (JSON.stringify(given) !== JSON.stringify(vector.gives)) {
    wrong += 1;
    console.error(`gives ${JSON.stringify(given)}: ${JSON.stringify(vector)}`);
  }
}
console.log(`${checked} vectors checked, ${wrong} wrong`);
process.exitCode = wrong > 0 || checked === 0 ? 1 : 0;
