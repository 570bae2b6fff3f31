import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  attention,
  chromeTrace,
  matmul,
  nearest,
  neg,
  normal,
  packBank,
  packMatrix,
  scope,
  tensor,
} from "../../src/index.js";
import { throwsCode, withDevice } from "../support.js";
import { rawDevice } from "./raw-device.js";

const zerosOf = (count: number) => new Float32Array(count);

test("each kernel's calls, arithmetic and bytes are counted, and times where there are any", async () => {
  await withDevice(async (device) => {
    const a = tensor(device, zerosOf(64 * 48), [64, 48]);
    const b = packMatrix(tensor(device, zerosOf(48 * 80), [48, 80]));
    const trace = device.trace();
    await throwsCode(() => device.trace(), "argument", /stop it first/);
    // More than a batch of commands.
    for (let i = 0; i < 120; i++) scope(() => void matmul(a, b));
    const y = matmul(a, b);
    await y.data();
    const report = await trace.stop();
    assert.is(report.dispatches, 121);
    assert.is(report.submits, 2);
    assert.ok(report.allocations >= 1 && report.peakBytes >= device.memory().bytes);
    assert.is(report.kernels.length, 1);
    const [{ kernel, calls, ms, flop, bytes }] = report.kernels;
    assert.match(kernel, /^gemm/);
    assert.equal([calls, flop], [121, 121 * 2 * 64 * 48 * 80]);
    assert.is(bytes, 121 * (a.bytes + b.bytes + y.bytes));
    assert.is(report.timed, device.caps.timestamps);
    if (report.timed) {
      assert.ok((ms as number) > 0);
      assert.is(report.timeline.length, 121);
      for (const [i, { start, duration }] of report.timeline.entries()) {
        assert.ok(start >= (report.timeline[i - 1]?.start ?? 0) && duration >= 0);
      }
    }
    // What runs after the stop is not counted, and a second trace starts from nothing.
    neg(a).dispose();
    assert.is((await device.trace().stop()).dispatches, 0);
    for (const t of [y, b, a]) t.dispose();
  });
});

test("the arithmetic of attention and of the search is what their sizes say", async () => {
  await withDevice(async (device) => {
    const trace = device.trace();
    scope(() => {
      const [q, k, v] = [5, 7, 7].map((tokens) => normal(device, [2, 3, tokens, 16], { seed: 1 }));
      attention(q, k, v);
      nearest(normal(device, [4, 9, 32], { seed: 1 }), packBank(normal(device, [40, 32], { seed: 2 })));
    });
    const { kernels } = await trace.stop();
    const flop = (name: RegExp) => kernels.find(({ kernel }) => name.test(kernel))?.flop;
    assert.is(flop(/^attention/), 2 * 3 * 4 * 5 * 7 * 16);
    assert.is(flop(/^nearest (?!merge)/), 2 * 36 * 40 * 32);
  });
});

test("without timestamps there are counts only", async () => {
  const { device, errors } = await rawDevice({ timestamps: false });
  const trace = device.trace();
  const x = tensor(device, [1]);
  neg(x).dispose();
  const report = await trace.stop();
  assert.equal([report.timed, report.dispatches, report.timeline.length], [false, 1, 0]);
  assert.equal(
    report.kernels.map(({ calls, ms }) => [calls, ms]),
    [[1, null]],
  );
  x.dispose();
  await device.sync();
  assert.equal(errors, []);
  device.close();
});

test("a Chrome trace has an event for each dispatch", () => {
  const timeline = [
    { kernel: 'a "kernel"', grid: [2, 1, 1] as const, flop: 3000, bytes: 8, start: 5, duration: 2 },
  ];
  const counters = { dispatches: 1, submits: 1, allocations: 0, peakBytes: 0, timed: true, kernels: [] };
  const { traceEvents } = JSON.parse(chromeTrace({ ...counters, timeline }, "score"));
  assert.equal(traceEvents[0].args, { name: "score" });
  const { ph, name, ts, dur, args } = traceEvents[2];
  assert.equal([ph, name, ts, dur], ["X", 'a "kernel"', 5, 2]);
  assert.equal(args, { grid: "2 x 1 x 1", flop: 3000, bytes: 8, "GFLOP/s": 1.5 });
});

test.run();
