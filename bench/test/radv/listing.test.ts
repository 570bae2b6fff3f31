import { test } from "uvu";
import * as assert from "uvu/assert";
import { readListing } from "../../src/radv/listing.js";
import { probeMainLoop } from "../../src/radv/loops.js";

const STATISTICS = `*** SHADER STATS ***
VGPRs: 48
LDS size: 8192
Scratch size: 0
Subgroups per SIMD: 32
Instructions: 989
Latency: 35052
`;

test("only instructions inside of loops are counted, and a dual one twice", () => {
  const listing = `BB0:
	v_fma_f32 v1, v2, v3, v4                                    ; d6130001
BB1:
	ds_load_b128 v[4:7], v1                                     ; dbfc0000
BB2:
	v_dual_fmac_f32 v1, v2, v3 :: v_dual_fmac_f32 v4, v5, v6    ; c8000300
	v_fma_mix_f32 v1, v2, v3, v4 op_sel_hi:[0,1,0]              ; cc200001
	v_fma_mix_f32 v82, v99, 1.0, neg(0) op_sel_hi:[1,0,0]       ; cc200052
	s_cbranch_scc0 BB1                                          ; bfa1000a
BB3:
	ds_load_b128 v[4:7], v1                                     ; dbfc0000
	s_cbranch_scc0 BB4                                          ; bfa1000a
BB4:
`;
  const { multiplyAdds, ldsLoads, registers, latency } = readListing(`${listing}${STATISTICS}`);
  assert.equal([multiplyAdds, ldsLoads, registers, latency], [3, 1, 48, 35052]);
});

test("a matrix instruction counts as its share of the multiply-adds of 32 invocations", () => {
  const listing = `BB1:
	v_wmma_f32_16x16x16_f16 v[8:15], v[80:87], v[96:103], v[8:15] ; cc404008
	ds_load_b128 v[4:7], v1                                     ; dbfc0000
	s_cbranch_scc0 BB1                                          ; bfa1000a
`;
  const { multiplyAdds, matrices } = readListing(`${listing}${STATISTICS}`);
  assert.equal([multiplyAdds, matrices], [128, 1]);
});

test("a listing without statistics says how to get them", () => {
  assert.throws(() => readListing("BB0:\n"), /no "VGPRs".*RADV_DEBUG/);
});

/** Latency as the compiler adds it: a `D` is 10 clocks and an `E` 3, times 1, 8, 32, 64, ... by the loops around. */
function latencyOf(code: string): number {
  let [depth, total] = [0, 0];
  for (const c of code) {
    if (c === "{") depth++;
    else if (c === "}") depth--;
    else if (c === "D" || c === "E") total += (c === "D" ? 10 : 3) * [1, 8, 32, 64, 128, 256][depth];
  }
  return total;
}

test("the clocks of a turn of the main loop are told apart from all else", () => {
  const loop = "for (var k0 = 0u; k0 < u.k; k0 += 16u) { D for (var e = lid; e < 1024u; e += 256u) { E } }";
  for (const code of [`D ${loop} D`, `D for (var t = 0u; t < u.n; t++) { D ${loop} } D`]) {
    const probe = probeMainLoop(code);
    if (!probe) throw new Error("there is a main loop");
    assert.is(probe.clocksOf(probe.texts.map(latencyOf), false), 10 + 4 * 3);
  }
  const keys = "for (var k0 = 0u; k0 < end; k0 += 16u) { D for (var j = 0u; j < count; j++) { E } }";
  const probe = probeMainLoop(keys);
  assert.is(probe?.clocksOf(probe.texts.map(latencyOf), false), 10 + 16 * 3);
  assert.is(probeMainLoop("D"), null);
});

test.run();
