import { type Device, tensor, zeros } from "@inctrl/tensor";
import type { Work } from "./peers/ours.js";
import type { Tasks } from "./task.js";

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
export async function fmaWork(device: Device, { megaflops }: Tasks["fma"]): Promise<Work> {
  fastest ??= await findFastest(device, megaflops);
  return fmaLoop(device, fastest, megaflops);
}

async function findFastest(device: Device, megaflops: number): Promise<Loop> {
  const rates: number[] = [];
  for (const each of LOOPS) {
    const { held, once, work } = fmaLoop(device, each, megaflops);
    const timed = async () => {
      const started = performance.now();
      once();
      await device.sync();
      return performance.now() - started;
    };
    await timed();
    let best = Number.POSITIVE_INFINITY;
    for (let trial = 0; trial < TRIALS; trial++) best = Math.min(best, await timed());
    rates.push(work / best);
    for (const operand of held) operand.dispose();
  }
  return LOOPS[rates.indexOf(Math.max(...rates))];
}

function fmaLoop(device: Device, { chains, type }: Loop, megaflops: number): Required<Work> {
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
    held: [start, end],
    work: (perStep * steps) / 1e9,
    once() {
      device.dispatch(kernel, [start.buffer, end.buffer], { steps }, [groups, 1, 1]);
      return [];
    },
  };
}

/** A copy of one buffer to another; each byte counts twice, as read and as written. */
export function copyWork(device: Device, { bytes, by }: Tasks["copy"]): Work {
  const vectors = Math.ceil(bytes / 16);
  const [from, to] = [zeros(device, [4 * vectors]), zeros(device, [4 * vectors])];
  const groups = Math.min(Math.ceil(vectors / WORKGROUP), COPY_GROUPS);
  return {
    held: [from, to],
    work: (32 * vectors) / 1e9,
    once() {
      if (by === "command") device.copy(from.buffer, 0, to.buffer, 0, 16 * vectors);
      else device.dispatch(COPY, [from.buffer, to.buffer], { count: vectors }, [groups, 1, 1]);
      return [];
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
