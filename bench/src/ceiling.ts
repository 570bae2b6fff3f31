import { type Device, type Tensor, tensor, zeros } from "@inctrl/tensor";
import type { Prepared, Tasks } from "./task.js";

type Kernel = Parameters<Device["dispatch"]>[0];

type Loop = { chains: number; type: "f32" | "vec4f" };

/** Loops to try: parallel chains of multiply-adds, which hide each other's latency, on values of one type. */
const LOOPS: readonly Loop[] = [
  { chains: 12, type: "f32" },
  { chains: 16, type: "f32" },
  { chains: 8, type: "vec4f" },
  { chains: 16, type: "vec4f" },
];
const UNROLLED = 4;
const WORKGROUP = 64;
const TRIALS = 8;

/** The fastest loop on this adapter, once it is known. */
let fastest: Loop | undefined;

/**
 * Multiply-adds on values in registers, by the loop that is fastest here. No kernel that also reads its operands can be
 * faster.
 */
export async function fmaTask(device: Device, { megaflops }: Tasks["fma"]): Promise<Prepared> {
  fastest ??= await findFastest(device, megaflops);
  const loop = fmaLoop(device, fastest, megaflops);
  return {
    ...loop,
    dispose() {
      loop.dispose();
      device.close();
    },
  };
}

async function findFastest(device: Device, megaflops: number): Promise<Loop> {
  const rates: number[] = [];
  for (const each of LOOPS) {
    const loop = fmaLoop(device, each, megaflops);
    await loop.run(1);
    let best = Number.POSITIVE_INFINITY;
    for (let trial = 0; trial < TRIALS; trial++) {
      const started = performance.now();
      await loop.run(1);
      best = Math.min(best, performance.now() - started);
    }
    rates.push((loop.work as number) / best);
    loop.dispose();
  }
  return LOOPS[rates.indexOf(Math.max(...rates))];
}

function fmaLoop(device: Device, { chains, type }: Loop, megaflops: number): Prepared {
  const names = Array.from({ length: chains }, (_, i) => `x${i}`);
  const turn = names.map((name) => `${name} = fma(${name}, a, b);`).join(" ");
  const kernel: Kernel = {
    name: `fma ${chains} ${type}`,
    reads: ["start"],
    writes: ["end"],
    uniforms: [["steps", "u32"]],
    code: `struct Uniforms { steps: u32 }
@group(0) @binding(0) var<uniform> u: Uniforms;
@group(0) @binding(1) var<storage, read> start: array<${type}>;
@group(0) @binding(2) var<storage, read_write> end: array<${type}>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lid: u32) {
  let i = wg.x * ${WORKGROUP}u + lid;
  let a = start[i];
  let b = a * 0.5;
  ${names.map((name, n) => `var ${name} = a + ${n}.0;`).join(" ")}
  for (var step = 0u; step < u.steps; step++) {
    ${`${turn}\n    `.repeat(UNROLLED)}
  }
  end[i] = ${names.join(" + ")};
}`,
  };
  const width = type === "f32" ? 1 : 4;
  // Few on a CPU, where each invocation is another loop; many on a GPU, which would idle otherwise.
  const groups = device.caps.software ? 64 : 4096;
  const values = groups * WORKGROUP * width;
  const perStep = 2 * chains * UNROLLED * values;
  const steps = Math.max(1, Math.round((megaflops * 1e6) / perStep));
  const start = tensor(device, new Float32Array(values).fill(0.5));
  const end = zeros(device, [values]);
  return {
    work: (perStep * steps) / 1e9,
    async run(times) {
      for (let i = 0; i < times; i++)
        device.dispatch(kernel, [start.buffer, end.buffer], { steps }, [groups, 1, 1]);
      await device.sync();
    },
    dispose() {
      start.dispose();
      end.dispose();
    },
  };
}

/** A copy of one buffer to another; each byte counts twice, as read and as written. */
export async function copyTask(device: Device, { bytes, by }: Tasks["copy"]): Promise<Prepared> {
  const vectors = Math.ceil(bytes / 16);
  const [from, to]: Tensor[] = [zeros(device, [4 * vectors]), zeros(device, [4 * vectors])];
  await device.sync();
  const groups = Math.min(Math.ceil(vectors / WORKGROUP), COPY_GROUPS);
  const copy = {
    command: () => device.copy(from.buffer, 0, to.buffer, 0, 16 * vectors),
    kernel: () => device.dispatch(COPY, [from.buffer, to.buffer], { count: vectors }, [groups, 1, 1]),
  }[by];
  return {
    work: (32 * vectors) / 1e9,
    async run(times) {
      for (let i = 0; i < times; i++) copy();
      await device.sync();
    },
    dispose() {
      from.dispose();
      to.dispose();
      device.close();
    },
  };
}

const COPY_GROUPS = 1024;

/** Each invocation copies vectors in strides of the whole grid. */
const COPY: Kernel = {
  name: "copy",
  reads: ["source"],
  writes: ["target"],
  uniforms: [["count", "u32"]],
  code: `struct Uniforms { count: u32 }
@group(0) @binding(0) var<uniform> u: Uniforms;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> target_: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < u.count; i += groups.x * ${WORKGROUP}u) { target_[i] = source[i]; }
}`,
};
