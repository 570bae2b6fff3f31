import { test } from "uvu";
import * as assert from "uvu/assert";
import { bytes, type Fields, float, ints, messages, texts } from "../src/protobuf.js";

const hex = (fields: Fields) => Buffer.concat(fields).toString("hex");

// The first two are the examples of protobuf.dev/programming-guides/encoding.
test("integers are varints", () => {
  assert.is(hex(ints(1, 150)), "089601");
  assert.is(hex([...ints(1, 0), ...ints(16, 127)]), "080080017f");
  assert.is(hex(ints(1, -1)), "08ffffffffffffffffff01");
  assert.is(hex(ints(1, 2 ** 32)), "088080808010");
});

test("strings, bytes and messages carry their length", () => {
  assert.is(hex(texts(2, "testing")), "120774657374696e67");
  assert.is(hex(messages(3, ints(1, 150))), "1a03089601");
  assert.is(hex(bytes(9, [Uint8Array.of(1, 2)])), "4a020102");
  assert.is(hex(texts(1, "a", "b")), "0a01610a0162");
});

test("floats are four bytes, least first", () => {
  assert.is(hex(float(2, 1)), "150000803f");
});

test("large values are not copied into the message", () => {
  const values = new Uint8Array(300);
  const outer = messages(1, bytes(1, [values]));
  assert.ok(outer.includes(values));
  assert.is(Buffer.concat(outer).length, 300 + 3 + 3);
});

test.run();
