import { test } from "uvu";
import * as assert from "uvu/assert";
import { attentionKernel } from "../../src/kernels/attention.js";
import { kernel, loopBounds } from "../../src/kernels/kernel.js";
import { planAttention } from "../../src/kernels/plan.js";
import { FAMILIES } from "../support.js";

/** What `rolled(n, any)` returns, in WGSL. */
const rolled = (software: boolean) => /return (.*);/.exec(loopBounds(software))?.[1];

test("GPUs see that a loop has a constant length, software adapters do not", () => {
  assert.is(rolled(false), "n");
  assert.is(rolled(true), "n + (any >> 31u)");
});

test("heads of other widths share a pipeline where as many columns are kept of them", () => {
  const code = (width: number, family: (typeof FAMILIES)[number]) => {
    const subgroupSize = family === "subgroup" ? 8 : 0;
    const caps = { family, subgroupSize, software: true, maxWorkgroupBytes: 32768 };
    return attentionKernel({
      ...planAttention({ batch: 1, heads: 1, tq: 20, tk: 20, d: width }, false, caps),
      causal: false,
      mask: false,
    }).code;
  };
  for (const family of FAMILIES) {
    assert.is(code(10, family), code(11, family));
    assert.is.not(code(32, family), code(31, family));
    assert.is.not(code(64, family), code(72, family));
  }
  assert.is(code(3, "subgroup"), code(31, "subgroup"));
});

test("a kernel names its size of subgroups where it says one, and else asks for nothing", () => {
  const code = (subgroup?: number) =>
    kernel({ name: "k", reads: {}, writes: {}, workgroup: 128, subgroup, body: "" }).code;
  assert.match(
    code(32),
    /^enable subgroup_size_control;\n@compute @workgroup_size\(128\) @subgroup_size\(32\)\n/,
  );
  assert.match(code(), /^@compute @workgroup_size\(128\)\n/);
});

test.run();
