import { test } from "uvu";
import * as assert from "uvu/assert";
import { full, matmul, ones, scope, Tensor, tensor } from "../../src/index.js";
import { perValue } from "../../src/kernels/grid.js";
import { kernel } from "../../src/kernels/kernel.js";
import { launch } from "../../src/ops/launch.js";
import { close, FAMILIES, throwsCode, withDevice } from "../support.js";
import { runChild } from "./child.js";
import { rawDevice } from "./raw-device.js";

const scaleKernel = (factor: number, name = `scale by ${factor}`) =>
  kernel({
    name,
    reads: { x: "f32" },
    writes: { out: "f32" },
    split: perValue,
    body: `out[i] = x[i] * ${factor}.0;`,
  });

const brokenKernel = kernel({
  name: "broken kernel",
  reads: { x: "f32" },
  writes: { out: "f32" },
  workgroup: 1,
  body: "out[0] = no_such_function(x[0]);",
});

function run(text: ReturnType<typeof kernel>, x: Tensor): Tensor {
  const out = Tensor.empty(x.device, x.shape);
  launch({
    kernel: text,
    tensors: { x, out },
    ...(text.split ? { over: [x.size] as const } : { grid: [1, 1, 1] as const }),
  });
  return out;
}

test("the family can be chosen", async () => {
  for (const family of FAMILIES) {
    await withDevice(
      (device) => {
        const falls = family === "subgroup" && device.caps.subgroupSize === 0;
        assert.is(device.caps.family, falls ? "register" : family);
      },
      { family },
    );
  }
});

test("one pipeline serves an op at any size", async () => {
  await withDevice(async (device) => {
    for (const n of [3, 100, 7]) run(scaleKernel(2), ones(device, [n])).dispose();
    // The fill and the scale.
    assert.is(device.stats.pipelines, 2);
    const sizes = [
      [40, 30, 64],
      [41, 77, 128],
    ];
    for (const [m, k, n] of sizes) {
      scope(() => matmul(ones(device, [m, k]), ones(device, [k, n]))).dispose();
    }
    // The packing and the product.
    assert.is(device.stats.pipelines, 4);
  });
});

test("kernels compiled ahead are used, and not compiled twice", async () => {
  await withDevice(async (device) => {
    const kernels = [2, 3, 4, 5].map((factor) => scaleKernel(factor));
    await Promise.all([device.compile(kernels), device.compile(kernels.slice(0, 2))]);
    assert.is(device.stats.pipelines, 4);
    await device.compile(kernels);
    const x = tensor(device, [1, 2]);
    for (const [i, text] of kernels.entries()) {
      const out = run(text, x);
      close(await out.data(), [i + 2, 2 * i + 4], 0);
      out.dispose();
    }
    assert.is(device.stats.pipelines, 4);
    x.dispose();
  });
});

test("a kernel used while it compiles ahead works too", async () => {
  await withDevice(async (device) => {
    const pending = device.compile([scaleKernel(6)]);
    const x = tensor(device, [1, 2]);
    const out = run(scaleKernel(6), x);
    await pending;
    close(await out.data(), [6, 12], 0);
    assert.is(device.stats.pipelines, 1);
    x.dispose();
    out.dispose();
  });
});

test("a kernel that does not compile is named, with WGSL's reason, at the next read", async () => {
  await withDevice(async (device) => {
    const x = tensor(device, [1]);
    const y = tensor(device, [1]);
    device.dispatch(brokenKernel, [x.buffer, y.buffer], {}, [1, 1, 1]);
    const message = /refused broken kernel: .*no_such_function.*open a new device/;
    await throwsCode(() => y.data(), "gpu-validation", message);
    // It stays: results after it are not to be trusted.
    await throwsCode(() => x.data(), "gpu-validation", message);
    await throwsCode(() => full(device, [1], 1), "gpu-validation", message);
    await throwsCode(() => device.sync(), "gpu-validation", message);
  });
});

test("compiling ahead names the kernel too", async () => {
  await withDevice(async (device) => {
    await throwsCode(
      () => device.compile([scaleKernel(7), brokenKernel]),
      "gpu-validation",
      /refused broken kernel: .*no_such_function/,
    );
  });
});

test("wrong bindings are named after their kernel at the next read", async () => {
  await withDevice(async (device) => {
    const x = tensor(device, [1]);
    device.dispatch(scaleKernel(8, "half bound"), [x.buffer], { count: 1 }, [1, 1, 1]);
    await throwsCode(() => x.data(), "gpu-validation", /half bound/);
  });
});

test("a tensor above the buffer limit is refused before the GPU sees it", async () => {
  await withDevice(async (device) => {
    const tooMany = Math.floor(device.caps.maxBufferBytes / 4) + 1;
    await throwsCode(() => full(device, [tooMany], 1), "limit", /above this adapter's limit of \d+; split/);
    assert.equal([device.memory().tensors, device.memory().bytes], [0, 0]);
  });
});

test("an op above the binding limit says so and how to go on, and copies still work", async () => {
  const { device, errors } = await rawDevice({ maxBindingBytes: 1024 });
  const fits = full(device, [256], 1);
  const large = tensor(device, new Float32Array(257));
  await throwsCode(
    () => run(scaleKernel(2), large),
    "limit",
    /scale by 2: x takes 1280 bytes .* at most 1024; split it along its first axis/,
  );
  assert.is((await large.data()).length, 257);
  assert.is((await fits.data())[255], 1);
  assert.equal(errors, []);
  device.close();
});

test("a grid above the limit is refused", async () => {
  await withDevice(async (device) => {
    const x = ones(device, [1]);
    const most = device.caps.maxWorkgroupsPerDimension;
    for (const grid of [
      [most + 1, 1, 1],
      [1, most + 1, 1],
      [1, 1, most + 1],
    ] as const) {
      await throwsCode(
        () => device.dispatch(scaleKernel(2), [x.buffer, x.buffer], { count: 1 }, grid),
        "limit",
        /grid of .* is above \d+ workgroups; split the batch/,
      );
    }
    x.dispose();
  });
});

test("out of memory has its own code, also when it is reported while a read is under way", async () => {
  // Drivers commit memory late and differ in when they run out, so the report itself is made here.
  class GPUOutOfMemoryError extends Error {}
  const { device, gpu } = await rawDevice();
  const x = ones(device, [3]);
  const reading = x.data();
  const event = new Event("uncapturederror", { cancelable: true });
  gpu.dispatchEvent(Object.assign(event, { error: new GPUOutOfMemoryError("no room") }));
  assert.ok(event.defaultPrevented, "nothing is printed");
  const text = /out of memory \(256 bytes in use\); open a new device.*smaller batch/;
  for (const use of [() => reading, () => x.data(), () => full(device, [1], 1), () => device.sync()]) {
    await throwsCode(use, "out-of-memory", text);
  }
  x.dispose();
  device.close();
});

test("counters and memory follow what is done", async () => {
  await withDevice(async (device) => {
    assert.equal(device.stats, { dispatches: 0, submits: 0, allocations: 0, pipelines: 0, compiling: 0 });
    const x = tensor(device, [1, 2]);
    const y = run(scaleKernel(2), x);
    assert.equal(device.stats, { dispatches: 1, submits: 0, allocations: 2, pipelines: 1, compiling: 0 });
    assert.equal(device.memory(), { tensors: 2, bytes: 512, pooledBytes: 0, peakBytes: 512 });
    await y.data();
    assert.is(device.stats.submits, 1);
    await device.sync();
    assert.is(device.stats.submits, 1, "nothing to submit");
    x.dispose();
    y.dispose();
    assert.equal(device.memory(), { tensors: 0, bytes: 0, pooledBytes: 512, peakBytes: 512 });
  });
});

test("tensors of another device are refused", async () => {
  await withDevice((a) =>
    withDevice(async (b) => {
      const [x, y] = [ones(a, [2, 2]), ones(b, [2, 2])];
      await throwsCode(() => matmul(x, y), "argument", /different devices/);
      x.dispose();
      y.dispose();
      assert.equal([a.memory().tensors, b.memory().tensors], [0, 0]);
    }),
  );
});

test("a process ends by itself with the device open and tensors alive", async () => {
  const { code, stdout } = await runChild(`
    import { matmul, openDevice, tensor } from "@inctrl/tensor";
    const device = await openDevice();
    const a = tensor(device, [[1, 2], [3, 4]]);
    console.log(JSON.stringify(await matmul(a, a).toArray()));`);
  assert.equal([code, stdout], [0, "[[7,10],[15,22]]\n"]);
});

test("prepare compiles what a function would run, and runs nothing", async () => {
  await withDevice(async (device) => {
    const a = tensor(device, [[1, 2]]);
    const twice = () => scope(() => matmul(a, tensor(device, [[3], [4]])));
    const before = device.stats;
    const memory = device.memory();
    await device.prepare(() => {
      Tensor.empty(device, [1000, 1000]).dispose();
      twice().dispose();
    });
    assert.equal(device.memory(), memory, "no memory is taken");
    assert.is(device.stats.dispatches, before.dispatches);
    assert.ok(device.stats.pipelines >= before.pipelines + 2, "the panels' and the product's pipelines");
    const compiled = device.stats.pipelines;
    const result = twice();
    assert.equal(await result.toArray(), [[11]]);
    assert.is(device.stats.pipelines, compiled, "the run compiles nothing more");
    result.dispose();
    a.dispose();
  });
});

test("kernels that are compiled ahead are counted until they are ready", async () => {
  await withDevice(async (device) => {
    const a = tensor(device, [[1, 2]]);
    const before = device.stats;
    const ready = device.prepare(() => matmul(a, tensor(device, [[3], [4]])).dispose());
    const { compiling } = device.stats;
    assert.ok(compiling >= 1, `${compiling}`);
    await ready;
    assert.equal(device.stats, { ...before, pipelines: before.pipelines + compiling });
    a.dispose();
  });
});

test("leakReport counts what was collected without dispose and names the line", async () => {
  const { code, stdout, stderr } = await runChild(
    `
    import { leakReport, ones, openDevice, traceLeaks } from "@inctrl/tensor";
    const device = await openDevice();
    traceLeaks(true);
    function leaky() { for (let i = 0; i < 3; i++) ones(device, [100]); }
    const kept = ones(device, [100]);
    ones(device, [100]).dispose();
    leaky();
    for (let i = 0; i < 50 && leakReport().count < 3; i++) {
      global.gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { count, bytes, places } = leakReport();
    console.log(count, bytes, places.length, places[0].count, /leaky/.test(places[0].place), kept.size);`,
    { flags: ["--expose-gc"] },
  );
  assert.equal([code, stdout], [0, "3 1200 1 3 true 100\n"], stderr);
});

test.run();
