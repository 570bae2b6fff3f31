import { test } from "uvu";
import * as assert from "uvu/assert";
import { readConfig, typeProblems } from "../typescript/check.mjs";
import { ROOT } from "../workspace.mjs";

test("all sources and tests have the types that they claim", () => {
  assert.is(typeProblems(ROOT, readConfig(ROOT).fileNames), "");
});

test.run();
