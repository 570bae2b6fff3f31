import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../typescript/check.mjs";
import { ROOT } from "../workspace.mjs";

test("all sources and tests have the types that they claim", () => {
  assert.is(compile(path.join(ROOT, "tsconfig.json")), "");
});

test.run();
