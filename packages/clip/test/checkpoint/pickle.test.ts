import { test } from "uvu";
import * as assert from "uvu/assert";
import { Inert, unpickle } from "../../src/checkpoint/pickle.js";
import { ScriptObject, torchConstructors } from "../../src/checkpoint/torch-objects.js";
import { ClipError, type ClipErrorCode } from "../../src/errors.js";
import { op, pickle } from "./archives.js";

const read = (bytes: Uint8Array) => unpickle(bytes, torchConstructors("x.pt"), "x.pt");

function refused(code: ClipErrorCode, input: Uint8Array, says: string | RegExp): void {
  try {
    read(input);
  } catch (error) {
    assert.instance(error, ClipError, String(error));
    assert.is((error as ClipError).code, code, (error as Error).message);
    assert.match((error as Error).message, says);
    assert.not.match((error as Error).message, "\n");
    return;
  }
  assert.unreachable(`should have been refused: ${says}`);
}

// pickle.dumps of {"a": [1, 300, -70000, 2**40, -2**70, 1.5, True, None], "t": (1, (2, 3), ()), "again": <a>}
const PROTOCOL_2 =
  "80027d71002858010000006171015d7102284b014d2c014a90eefeff8a060000000000018a090000000000000000c047" +
  "3ff8000000000000884e6558010000007471034b014b024b03867104298771055805000000616761696e71066802752e";
// and with "b": b"k", "s": {7}, "f": frozenset({8})
const PROTOCOL_4 =
  "80049569000000000000007d94288c0161945d94284b014d2c014a90eefeff8a060000000000018a0900000000000000" +
  "00c0473ff8000000000000884e658c0174944b014b024b0386942987948c05616761696e9468028c01629443016b948c" +
  "0173948f94284b07908c016694284b089194752e";

test("plain values are read as Python writes them, in protocols 2 and 4", () => {
  for (const hex of [PROTOCOL_2, PROTOCOL_4]) {
    const value = read(Buffer.from(hex, "hex")) as Map<string, unknown>;
    assert.equal(value.get("a"), [1, 300, -70000, 2 ** 40, -(2n ** 70n), 1.5, true, null]);
    assert.equal(value.get("t"), [1, [2, 3], []]);
    assert.is(value.get("again"), value.get("a"));
  }
  const value = read(Buffer.from(PROTOCOL_4, "hex")) as Map<string, unknown>;
  assert.equal([...(value.get("b") as Uint8Array)], [0x6b]);
  assert.equal([value.get("s"), value.get("f")], [new Set([7]), new Set([8])]);
});

test("bytes in the middle of a larger buffer are read alone", () => {
  const whole = Buffer.from(PROTOCOL_2, "hex");
  const pool = Buffer.concat([Buffer.alloc(13, "N"), whole, Buffer.alloc(13, "N")]);
  assert.equal(read(pool.subarray(13, 13 + whole.length)), read(whole));
  refused("bad-pickle", pool.subarray(13, 12 + whole.length), "cut short");
});

// pickle.dumps(_, 2) of {"x": v}, v being defaultdict(list, a=[1]), Counter("a"), deque([1]), PurePosixPath("/a"), timedelta(3),
// Namespace(lr=1), 1+2j, {1} and Ellipsis.
const PASSED_OVER = {
  "80027d7100580100000078710163636f6c6c656374696f6e730a64656661756c74646963740a7102635f5f6275696c74696e5f5f0a6c6973740a710385710452710558010000006171065d71074b016173732e":
    Map,
  "80027d7100580100000078710163636f6c6c656374696f6e730a436f756e7465720a71027d710358010000006171044b0173857105527106732e":
    Inert,
  "80027d7100580100000078710163636f6c6c656374696f6e730a64657175650a7102295271034b0161732e": Inert,
  "80027d7100580100000078710163706174686c69620a50757265506f736978506174680a710258010000002f71035801000000617104867105527106732e":
    Inert,
  "80027d71005801000000787101636461746574696d650a74696d6564656c74610a71024b034b004b00877103527104732e": Inert,
  "80027d710058010000007871016361726770617273650a4e616d6573706163650a7102298171037d710458020000006c7271054b017362732e":
    Inert,
  "80027d71005801000000787101635f5f6275696c74696e5f5f0a636f6d706c65780a7102473ff0000000000000474000000000000000867103527104732e":
    Inert,
  "80027d71005801000000787101635f5f6275696c74696e5f5f0a7365740a71025d71034b0161857104527105732e": Inert,
  "80027d71005801000000787101635f5f6275696c74696e5f5f0a456c6c69707369730a7102732e": Inert,
};

test("objects that are not needed are passed over as Python writes them", () => {
  for (const [hex, want] of Object.entries(PASSED_OVER)) {
    const value = read(Buffer.from(hex, "hex")) as Map<string, unknown>;
    assert.instance(value.get("x"), want);
  }
});

test("a pickle cut anywhere is refused", () => {
  const whole = Buffer.from(PROTOCOL_4, "hex");
  for (let length = 0; length < whole.length; length++)
    refused("bad-pickle", whole.subarray(0, length), "x.pt");
});

test("random bytes never do anything but throw ClipError", () => {
  let seed = 1;
  const next = () => (seed = (seed * 48271) % 2147483647);
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(PROTOCOL_4, "hex");
    for (let edits = 0; edits < 4; edits++) bytes[next() % bytes.length] = next() & 255;
    try {
      read(bytes);
    } catch (error) {
      assert.instance(error, ClipError, String(error));
    }
  }
});

test("code is refused by name and never run", () => {
  const evil = (module: string, name: string) =>
    pickle(op.global(module, name), op.mark, op.text("echo owned"), op.tuple, op.reduce);
  refused("unsafe-pickle", evil("os", "system"), "os.system");
  refused("unsafe-pickle", evil("posix", "system"), "posix.system");
  refused("unsafe-pickle", evil("builtins", "eval"), "builtins.eval");
  refused("unsafe-pickle", evil("torch", "load"), "torch.load");
  refused("unsafe-pickle", evil("torch.storage", "_load_from_bytes"), "_load_from_bytes");
  refused("unsafe-pickle", evil("collections", "OrderedDict.__init__"), "__init__");
  refused("unsafe-pickle", evil("torch", "constructorStorage"), "constructorStorage");
  // STACK_GLOBAL builds the name from strings, and may hide line breaks in it.
  const stacked = pickle(op.text("os\n"), op.text("system"), Buffer.from([0x93]));
  refused("unsafe-pickle", stacked, "os\\n.system");
  // A TorchScript class is a bag of attributes, whatever it is called.
  const script = read(pickle(op.global("__torch__.os", "system"), op.emptyTuple, Buffer.from([0x81])));
  assert.instance(script, ScriptObject);
});

test("calling values, building on scalars, extension codes and old opcodes are refused", () => {
  refused("bad-pickle", pickle(op.int(1), op.emptyTuple, op.reduce), "not a constructor");
  refused("bad-pickle", pickle(op.text("x"), op.text("y"), op.reduce), "without arguments");
  refused("bad-pickle", pickle(op.int(1), op.persistent), "no storage");
  refused(
    "bad-pickle",
    pickle(op.global("collections", "OrderedDict"), op.mark, op.int(1), op.tuple, op.reduce),
    "pairs",
  );
  refused("bad-pickle", pickle(Buffer.from([0x82, 1])), "opcode 0x82");
  refused("bad-pickle", pickle(Buffer.from("ios\nsystem\n")), "opcode 0x69");
});

test("memo, marks and containers are checked", () => {
  refused("bad-pickle", pickle(Buffer.from("h\x05", "latin1")), "remembered");
  refused("bad-pickle", pickle(op.tuple), "mark");
  refused("bad-pickle", pickle(Buffer.from("0")), "empty stack");
  refused("bad-pickle", pickle(op.list, op.mark, op.int(1), op.int(2), op.setItems), "not a dict");
  refused("bad-pickle", pickle(op.dict, op.mark, op.int(1), op.setItems), "without a value");
  refused("bad-pickle", pickle(op.dict, op.int(1), Buffer.from("a")), "not a list");
});

test("wrong lengths, absurd integers and endless nesting are refused", () => {
  refused("bad-pickle", pickle(Buffer.from([0x58, 0xff, 0xff, 0xff, 0xff])), "cut short");
  refused("bad-pickle", pickle(Buffer.from([0x8e, 255, 255, 255, 255, 255, 255, 255, 255])), "cut short");
  refused("bad-pickle", pickle(Buffer.from([0x8b, 0xff, 0xff, 0xff, 0x7f])), "absurd");
  refused("bad-pickle", pickle(Buffer.alloc(5000, "(")), "nests deeper");
  refused("bad-pickle", pickle(Buffer.alloc(2_100_000, "N")), "opcodes");
});

test("a deep chain of lists is read without recursion", () => {
  const depth = 100_000;
  let value = read(pickle(op.list, Buffer.alloc(depth, "]"), Buffer.alloc(depth, "a")));
  for (let i = 0; i < depth; i++) value = (value as unknown[])[0];
  assert.equal(value, []);
});

test.run();
