import { readdirSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as ops from "../src/ops/index.js";
import { SAMPLES } from "./ops/samples.js";

const FOLDER = new URL("ops/", import.meta.url);
/** The texts of tests of ops: one may have its samples there. */
const TEXTS = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => readFileSync(new URL(file, FOLDER), "utf8"));
const hasTest = (name: string): boolean =>
  TEXTS.some((text) => new RegExp(`(holds|checkForwards?)\\(\\s*device,\\s*(\\w+\\.)?${name}\\b`).test(text));

test("every op is held to its reference: it is elementwise, has samples, or a test of its own", () => {
  const names = Object.entries(ops).flatMap(([name, op]) =>
    "definition" in op && !("row" in op && op.row) ? [name] : [],
  );
  assert.ok(names.length > 50, `${names.length} ops`);
  const missing = names.filter((name) => !(name in SAMPLES) && !hasTest(name));
  assert.equal(missing, [], "give sample calls in ops/samples.ts, or a test with checkForward");
  assert.not.ok(hasTest("noSuchOp"));
});

test.run();
