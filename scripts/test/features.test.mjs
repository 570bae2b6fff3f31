import { test } from "uvu";
import * as assert from "uvu/assert";
import { featuresPage, loadOps } from "../docs/features.mjs";
import { read } from "../workspace.mjs";

test("the table of features is up to date", async () => {
  assert.is(read("docs/features.md"), await featuresPage(), "run npm run docs:features");
});

test("every op has a definition that says what it takes, gives and costs", async () => {
  const ops = await loadOps();
  assert.ok(ops.length > 60, `${ops.length} ops`);
  for (const { name, check, takes, kernel, shape, forward, reference } of ops) {
    assert.type(check, "function", name);
    assert.type(takes, "object", name);
    assert.ok(forward || (kernel && shape), `${name} has a kernel with a shape, or a forward function`);
    assert.type(reference, "function", name);
  }
});

test.run();
