import { test } from "uvu";
import * as assert from "uvu/assert";
import { processorOf } from "../../src/device/processor.js";
import { describeProcessor, readProcessor } from "../../src/index.js";

const x86 = (flags: string) => `processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC
flags\t\t: fpu sse sse2 ${flags}

processor\t: 1
`;

test("the widest instructions are named, and family and model where the system gives them", () => {
  const epyc = processorOf(x86("avx avx2 fma"), "AMD EPYC", "x64");
  assert.is(describeProcessor(epyc), "AMD EPYC (family 25, model 1), AVX2");
  assert.is(processorOf(x86("avx avx2 avx512f"), "AMD EPYC", "x64").instructions, "AVX-512");
  assert.is(processorOf(x86("avx"), "AMD EPYC", "x64").instructions, "AVX");
  assert.is(processorOf(x86(""), "AMD EPYC", "x64").instructions, "SSE");
  const arm = processorOf("processor\t: 0\nFeatures\t: fp asimd crc32\n", "Neoverse-N1", "arm64");
  assert.is(describeProcessor(arm), "Neoverse-N1, NEON");
});

test("without Linux' file the model is all, and NEON on 64-bit ARM", () => {
  assert.is(describeProcessor(processorOf("", "Apple M2", "arm64")), "Apple M2, NEON");
  assert.is(describeProcessor(processorOf("", "A CPU", "x64")), "A CPU");
});

test("this machine's processor has a name", async () => {
  assert.ok((await readProcessor())?.model);
});

test.run();
