import { throwsCode } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readOptions } from "../../src/method/method.js";
import * as option from "../../src/method/options.js";

const count = option.number(5, "images", { least: 1, whole: true });
const half = option.number(0.5, "share", { least: 0, most: 1 });
const border = option.choice("symmetric", "border", ["symmetric", "mirror"]);
const turns = option.choice(undefined, "turns", [1, 8], "as the backbone says");
const masked = option.flag(false, "masks the ground");
const taps = option.custom([1], "taps", "numbers, such as 1,2", (given) =>
  typeof given === "string" && /^\d+(,\d+)*$/.test(given) ? given.split(",").map(Number) : undefined,
);

const ROWS: [option.MethodOption, given: unknown, value: unknown][] = [
  [count, "3", 3],
  [count, 3, 3],
  [count, "0", undefined],
  [count, "1.5", undefined],
  [count, "", undefined],
  [count, "three", undefined],
  [half, "1", 1],
  [half, "1.01", undefined],
  [half, Number.NaN, undefined],
  [border, "mirror", "mirror"],
  [border, "none", undefined],
  [turns, "8", 8],
  [turns, 2, undefined],
  [masked, "on", true],
  [masked, false, false],
  [masked, "yes", undefined],
  [taps, "1,3", [1, 3]],
];

test("an option reads text and values, and nothing that it does not take", () => {
  for (const [{ read, help }, given, value] of ROWS) assert.equal(read(given), value, `${help}: ${given}`);
});

const method = {
  name: "spade",
  options: { count, half, border, turns, masked },
  presets: { paper: { count: 50 }, released: {} },
};

test("what is given goes before the preset, and the preset before the defaults", () => {
  const defaults = { count: 5, half: 0.5, border: "symmetric", turns: undefined, masked: false };
  assert.equal(readOptions(method), defaults);
  assert.equal(readOptions(method, {}, "paper"), { ...defaults, count: 50 });
  assert.equal(readOptions(method, { count: "7", masked: "on" }, "paper"), {
    ...defaults,
    count: 7,
    masked: true,
  });
});

test("a wrong name, value or preset is refused with those that there are", async () => {
  const refused = (
    message: RegExp,
    ...rest: Parameters<typeof readOptions> extends [unknown, ...infer R] ? R : never
  ) => throwsCode(() => readOptions(method, ...rest), "option", message);
  await refused(/spade has no option "cuont"; did you mean "count"\?/, { cuont: 1 });
  await refused(/has no option "neighbourhood"; its options: count, half, border, turns, masked/, {
    neighbourhood: 1,
  });
  await refused(/count of spade is "0"; give a whole number from 1$/, { count: "0" });
  await refused(/half of spade is "2"; give a number from 0 to 1/, { half: "2" });
  await refused(/border of spade is "x"; give symmetric or mirror/, { border: "x" });
  await refused(/spade has no preset "anomalib"; its presets: paper, released/, {}, "anomalib");
});

test.run();
