import { test } from "uvu";
import * as assert from "uvu/assert";
import { Message } from "../../src/onnx/protobuf.js";

const hex = (message: Message) => Buffer.from(message.toBytes()).toString("hex");

// The first two are the examples of protobuf.dev/programming-guides/encoding.
test("integers are varints", () => {
  assert.is(hex(new Message().int(1, 150)), "089601");
  assert.is(hex(new Message().int(1, 0).int(16, 127)), "080080017f");
  assert.is(hex(new Message().int(1, -1)), "08ffffffffffffffffff01");
  assert.is(hex(new Message().int(1, 2 ** 32)), "088080808010");
});

test("strings, bytes and messages carry their length", () => {
  assert.is(hex(new Message().text(2, "testing")), "120774657374696e67");
  assert.is(hex(new Message().message(3, new Message().int(1, 150))), "1a03089601");
  assert.is(hex(new Message().data(9, Uint8Array.of(1, 2))), "4a020102");
  assert.is(hex(new Message().text(1, "a", "b")), "0a01610a0162");
});

test("floats are four bytes, least first", () => {
  assert.is(hex(new Message().float(2, 1)), "150000803f");
});

test("large values are not copied into the message", () => {
  const values = new Uint8Array(300);
  const outer = new Message().message(1, new Message().data(1, values));
  assert.ok(outer.parts.includes(values));
  assert.is(outer.bytes, 300 + 3 + 3);
  assert.is(outer.toBytes().length, outer.bytes);
});

test.run();
