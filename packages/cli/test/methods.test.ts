import { type BankFit, readOptions } from "@inctrl/detect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseMethod, METHODS, type MethodRequest, methodHelp, TRAINABLE } from "../src/methods.js";

type Row = [
  what: string,
  request: Partial<MethodRequest>,
  flags: Record<string, unknown>,
  wish: { text?: boolean; shipped?: boolean },
  name: string,
  settings: Record<string, unknown>,
];

const ROWS: Row[] = [
  ["nothing", {}, {}, {}, "residual", { aggregate: "max", symmetries: undefined }],
  ["heads", { heads: "heads.safetensors" }, {}, {}, "inctrl", { alpha: undefined }],
  ["no heads", { heads: false }, {}, { shipped: true }, "residual", {}],
  ["a class", {}, {}, { text: true }, "inctrl", {}],
  ["nano, whose heads wait to be asked for", {}, {}, { shipped: true }, "residual", {}],
  ["nano's own heads", { method: "inctrl" }, {}, { shipped: true }, "inctrl", {}],
  ["components", {}, { components: "t,P" }, {}, "inctrl", { components: ["P", "T"] }],
  [
    "a name",
    { method: "residual" },
    { aggregate: "top3" },
    { shipped: true },
    "residual",
    { aggregate: "top3" },
  ],
  [
    "an option over a flag",
    { set: { aggregate: "top5" } },
    { aggregate: "top3" },
    {},
    "residual",
    { aggregate: "top5" },
  ],
  ["a flag that the method lacks", {}, { alpha: 2, symmetries: 8 }, {}, "residual", { symmetries: 8 }],
];

const choose = (request: Partial<MethodRequest>, flags = {}, wish = {}) =>
  chooseMethod({ backbone: "nano", set: {}, ...request }, flags, { text: false, shipped: false, ...wish });

test("a command's options choose the method, and its settings", () => {
  for (const [what, request, flags, wish, name, settings] of ROWS) {
    const chosen = choose(request, flags, wish);
    assert.is(chosen.method.name, name, what);
    for (const [key, value] of Object.entries(settings)) assert.equal(chosen.settings[key], value, what);
    assert.is(chosen.file !== null, what === "heads" || what === "nano's own heads", what);
  }
});

test("a bank's method and options stand where the command names no other", () => {
  const bankOf = (method: string, options = {}) => ({
    ...{ taps: [1], fit: "crop" as const, symmetries: 1, reading: {}, early: false, sealed: true },
    network: { backbone: "nano", fingerprint: "f" },
    opening: { version: 1 as const, method, options, className: null, heads: false },
  });
  const open = (request: Partial<MethodRequest>, bank: BankFit, wish = {}) =>
    chooseMethod(
      { backbone: "nano", set: {}, ...request },
      {},
      { text: false, shipped: false, ...wish },
      bank,
    );
  const spade = bankOf("spade", { neighbours: 3 });
  assert.is(open({}, spade).method.name, "spade");
  assert.is(open({}, spade).settings.neighbours, 3);
  assert.is(open({ set: { neighbours: "4" } }, spade).settings.neighbours, 4);
  assert.is(open({ preset: "paper" }, spade).settings.neighbours, 50, "a preset is all options at once");
  assert.is(open({ method: "padim" }, spade).method.name, "padim");
  assert.is(open({}, bankOf("residual"), { text: true }).method.name, "inctrl", "patches serve InCTRL too");
  assert.is(open({}, bankOf("winclip"), { text: true }).method.name, "winclip");
  assert.is(open({}, bankOf("of a later version")).method.name, "residual");
});

test("what the method does not take is refused", () => {
  assert.throws(() => choose({ method: "residual", heads: "x" }), /--heads: residual uses none/);
  assert.throws(() => choose({ set: { neighbours: "3" } }), /residual has no option "neighbours"/);
  assert.throws(
    () => choose({ set: { aggregate: "mean" } }),
    /aggregate of residual is "mean"; give max, or top/,
  );
  assert.throws(
    () => choose({ preset: "anomalib" }),
    /residual has no preset "anomalib"; its presets: paper/,
  );
});

test("a method's training has lengths of its own, and presets", () => {
  const rows = [
    ["coop", undefined, { epochs: 10, steps: 100, batch: 48 }],
    ["coop", "released", { epochs: 200, steps: 0, batch: 32 }],
    ["regad", "released", { epochs: 50, batch: 32 }],
  ] as const;
  for (const [name, preset, want] of rows) {
    const { trainOptions: options, trainPresets: presets } = TRAINABLE.find((each) => each.name === name)!;
    const read = readOptions({ name, options, presets }, {}, preset);
    assert.equal({ ...read, ...want }, read, `${name} ${preset}`);
  }
});

test("help tells every method with all its options; names are told apart", () => {
  const help = methodHelp();
  assert.is(new Set(METHODS.map(({ name }) => name)).size, METHODS.length);
  for (const { name, title, options } of METHODS) {
    assert.ok(help.includes(`  ${name}: ${title}`));
    for (const [key, { help: line }] of Object.entries(options))
      assert.ok(help.includes(`    ${key}: ${line}`));
  }
});

test.run();
