import { type Kernel, loopBounds } from "../kernels/kernel.js";

export interface CompiledKernel {
  /** Unique among the compiled kernels of one device. */
  readonly id: number;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** GPUShaderStage.COMPUTE, fixed by the specification. */
const COMPUTE = 0x4;

/** Caches compiled kernels by their text, and bind group layouts by the kinds of their bindings. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #appended: string;
  readonly #compiled = new Map<string, CompiledKernel>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #ahead = new Map<string, Promise<void>>();

  constructor(device: GPUDevice, software: boolean) {
    this.#device = device;
    this.#appended = loopBounds(software);
  }

  get size(): number {
    return this.#compiled.size;
  }

  /** Kernels that are being compiled ahead. */
  get pending(): number {
    return this.#ahead.size;
  }

  get(kernel: Kernel): CompiledKernel {
    const known = this.#compiled.get(kernel.code);
    if (known) return known;
    const layout = this.#layout(kernel);
    return this.#keep(kernel, layout, this.#device.createComputePipeline(this.#describe(kernel, layout)));
  }

  #keep(kernel: Kernel, layout: GPUBindGroupLayout, pipeline: GPUComputePipeline): CompiledKernel {
    const made = { id: this.#compiled.size, pipeline, layout };
    this.#compiled.set(kernel.code, made);
    return made;
  }

  /** Compiles kernels in parallel; resolves when all are ready. */
  async compile(kernels: readonly Kernel[]): Promise<void> {
    await Promise.all(kernels.map((kernel) => this.#compileAhead(kernel)));
  }

  #compileAhead(kernel: Kernel): Promise<void> {
    if (this.#compiled.has(kernel.code)) return Promise.resolve();
    let pending = this.#ahead.get(kernel.code);
    if (!pending) {
      const layout = this.#layout(kernel);
      pending = this.#device
        .createComputePipelineAsync(this.#describe(kernel, layout))
        .then((pipeline) => {
          if (!this.#compiled.has(kernel.code)) this.#keep(kernel, layout, pipeline);
        })
        .finally(() => this.#ahead.delete(kernel.code));
      this.#ahead.set(kernel.code, pending);
    }
    return pending;
  }

  #describe(kernel: Kernel, layout: GPUBindGroupLayout): GPUComputePipelineDescriptor {
    const code = `${kernel.code}\n${this.#appended}`;
    const module = this.#device.createShaderModule({ label: kernel.name, code });
    return {
      label: kernel.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    };
  }

  #layout(kernel: Kernel): GPUBindGroupLayout {
    const kinds: GPUBufferBindingType[] = [
      ...(kernel.uniforms.length > 0 ? (["uniform"] as const) : []),
      ...kernel.reads.map(() => "read-only-storage" as const),
      ...kernel.writes.map(() => "storage" as const),
    ];
    const key = kinds.join(",");
    let layout = this.#layouts.get(key);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        entries: kinds.map((type, binding) => ({
          binding,
          visibility: COMPUTE,
          buffer: { type, hasDynamicOffset: type === "uniform" },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}
