import type { Split } from "./grid.js";

/** WGSL types of uniform values; `u32x8` is an array of eight, read as `u.name[i / 4][i % 4]`. */
export type UniformType = "u32" | "i32" | "f32" | "u32x8";

/** Uniforms that are all u32. */
/* @__NO_SIDE_EFFECTS__ */
export const u32 = (...names: string[]): Record<string, UniformType> =>
  Object.fromEntries(names.map((name) => [name, "u32"]));

/** A compute shader as plain data: what it binds and its text. Two kernels with equal text share one pipeline. */
export interface Kernel {
  readonly name: string;
  readonly code: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly uniforms: readonly (readonly [string, UniformType])[];
  /** How its invocations share the work, where a launch says only over how much it runs. */
  readonly split?: Split;
}

export interface KernelSource {
  name: string;
  /** Read-only storage bindings: name -> WGSL element type. */
  reads: Record<string, string>;
  writes: Record<string, string>;
  /** Besides those of the split. */
  uniforms?: Record<string, UniformType>;
  /** How invocations share the work; brings the workgroup's size, uniforms and code around the body. */
  split?: Split;
  /** Invocations of a workgroup, where there is no split. */
  workgroup?: number;
  /** Invocations of a subgroup, where the kernel depends on it and the adapter has several sizes. */
  subgroup?: number;
  /** WGSL directives such as `enable subgroups;`. */
  enable?: string;
  /** Functions, constants and workgroup variables before the entry point. */
  declare?: string;
  /** Run once in each invocation, before a split's loop. */
  setup?: string;
  /** Body of `main`, which sees `wg`, `lid` (index in the workgroup), `groups`, `u` and what the split declares. */
  body: string;
  /** Further built-in parameters of `main`, e.g. `@builtin(subgroup_invocation_id) lane: u32`. */
  builtins?: string;
}

/**
 * WGSL that follows every kernel's text: `rolled(n, any)` is n, for the bound or the start of a loop of constant length, and `any` a uniform
 * below 2^31. It hides the constant from software adapters: llvmpipe would unroll the loop, and takes milliseconds to compile each load and
 * store.
 */
export const loopBounds = (software: boolean): string =>
  `fn rolled(n: u32, any: u32) -> u32 { return n${software ? " + (any >> 31u)" : ""}; }`;

/** Writes the bindings, the uniform struct and the entry point around a kernel's body. */
export function kernel(source: KernelSource): Kernel {
  const { split, setup = "", subgroup } = source;
  const uniforms = Object.entries({ ...split?.uniforms, ...source.uniforms });
  const fields = uniforms.map(([name, type]) => `${name}: ${type === "u32x8" ? "array<vec4u, 2>" : type}`);
  let binding = uniforms.length > 0 ? 1 : 0;
  const storage = (access: string) => (entry: [string, string]) =>
    `@group(0) @binding(${binding++}) var<storage, ${access}> ${entry[0]}: array<${entry[1]}>;`;
  const builtins = [
    "@builtin(workgroup_id) wg: vec3u",
    "@builtin(local_invocation_index) lid: u32",
    "@builtin(num_workgroups) groups: vec3u",
    ...(source.builtins ? [source.builtins] : []),
  ];
  const code = [
    source.enable ?? "",
    subgroup ? "enable subgroup_size_control;" : "",
    uniforms.length > 0
      ? `struct Uniforms { ${fields.join(", ")} }\n@group(0) @binding(0) var<uniform> u: Uniforms;`
      : "",
    ...Object.entries(source.reads).map(storage("read")),
    ...Object.entries(source.writes).map(storage("read_write")),
    split?.declare ?? "",
    source.declare ?? "",
    `@compute @workgroup_size(${split?.workgroup ?? source.workgroup})${subgroup ? ` @subgroup_size(${subgroup})` : ""}`,
    `fn main(${builtins.join(", ")}) {`,
    split ? split.around(source.body, setup) : source.body,
    "}",
  ]
    .filter((part) => part !== "")
    .join("\n");
  return {
    name: source.name,
    code,
    reads: Object.keys(source.reads),
    writes: Object.keys(source.writes),
    uniforms,
    split,
  };
}

/**
 * A kernel for each variant, made once. The variant names all that the text depends on, and is plain data; sizes travel in
 * uniforms, so that calls of other sizes share the compiled pipeline.
 *
 * @param name names the kernel in traces, unless the source gives a name of its own.
 */
/* @__NO_SIDE_EFFECTS__ */
export function defineKernel<V = void>(
  name: string,
  source: (variant: V) => Omit<KernelSource, "name"> & { name?: string },
): (variant: V) => Kernel {
  const made = new Map<string | undefined, Kernel>();
  return (variant) => {
    const key = JSON.stringify(variant);
    let known = made.get(key);
    if (!known) {
      known = kernel({ name, ...source(variant) });
      made.set(key, known);
    }
    return known;
  };
}

/** Uniform values in WGSL's layout. */
export function packUniforms(
  kernel: Kernel,
  values: Record<string, number | readonly number[]>,
): ArrayBuffer {
  const offsets: number[] = [];
  let end = 0;
  for (const [, type] of kernel.uniforms) {
    if (type === "u32x8") end = Math.ceil(end / 16) * 16;
    offsets.push(end);
    end += type === "u32x8" ? 32 : 4;
  }
  const buffer = new ArrayBuffer(Math.max(16, Math.ceil(end / 16) * 16));
  const view = new DataView(buffer);
  kernel.uniforms.forEach(([name, type], i) => {
    const value = values[name];
    if (value === undefined) throw new Error(`kernel ${kernel.name}: uniform ${name} was not given`);
    if (type === "u32x8") {
      (value as readonly number[]).forEach((v, j) => {
        view.setUint32(offsets[i] + 4 * j, v, true);
      });
    } else if (type === "f32") view.setFloat32(offsets[i], value as number, true);
    else if (type === "i32") view.setInt32(offsets[i], value as number, true);
    else view.setUint32(offsets[i], value as number, true);
  });
  return buffer;
}
