import type { Kernel } from "../kernels/kernel.js";
import { packUniforms } from "../kernels/kernel.js";
import type { Pace } from "./pace.js";
import type { CompiledKernel, PipelineCache } from "./pipelines.js";
import { type PooledBuffer, USAGE } from "./pool.js";
import { Staging } from "./staging.js";
import type { Tracer } from "./trace.js";

export type UniformValues = Record<string, number | readonly number[]>;
export type Grid = readonly [number, number, number];

/** Uniform offset alignment that every adapter accepts, in bytes; one dispatch needs less. */
const UNIFORM_SLOT = 256;
/** Commands per batch before it is submitted automatically. A submit costs about as much as one dispatch. */
export const SUBMIT_AT = 96;
/** Bind groups kept, more than a training step needs. Creating one doubles the time to record a dispatch. */
const MAX_GROUPS = 4096;

/**
 * Records dispatches and copies into one encoder and submits them together. `epoch` numbers the batch being
 * recorded: a buffer last used in it must not be written by the queue before the batch is submitted.
 */
export class CommandRecorder {
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  readonly #submitted: () => void;
  readonly #pace: Pace;
  readonly #staging: Staging;
  readonly #uniforms: GPUBuffer;
  readonly #uniformBytes = new Uint8Array(SUBMIT_AT * UNIFORM_SLOT);
  readonly #groups = new Map<string, GPUBindGroup>();
  #slots = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #recorded = 0;
  /** Arithmetic of the batch so far. */
  #flop = 0;
  epoch = 0;
  dispatches = 0;
  submits = 0;
  /** Receives dispatches while a trace is under way. Set it right after `flush`. */
  tracer: Tracer | null = null;

  /**
   * @param pace how much arithmetic a batch may hold; a dispatch of more is a batch of its own.
   * @param submitted called right after each submit, when buffers that commands used may be destroyed.
   */
  constructor(device: GPUDevice, pipelines: PipelineCache, pace: Pace, submitted: () => void) {
    this.#pace = pace;
    this.#device = device;
    this.#pipelines = pipelines;
    this.#submitted = submitted;
    this.#staging = new Staging(device);
    const usage = USAGE.UNIFORM | USAGE.COPY_DST;
    this.#uniforms = device.createBuffer({ size: this.#uniformBytes.length, usage });
  }

  dispatch(
    kernel: Kernel,
    buffers: readonly PooledBuffer[],
    uniforms: UniformValues,
    grid: Grid,
    flop: number,
  ): void {
    const compiled = this.#pipelines.get(kernel);
    if (this.#flop > 0 && this.#flop + flop > this.#pace.flop) this.flush();
    this.#flop += flop;
    for (const pooled of buffers) pooled.epoch = this.epoch;
    const packed = kernel.uniforms.length > 0 ? packUniforms(kernel, uniforms) : null;
    const group = this.#bound(kernel, compiled, buffers, packed?.byteLength ?? 0);
    const pass = this.tracer
      ? this.#tracedPass(this.tracer, kernel, buffers, grid, flop)
      : this.#computePass();
    pass.setPipeline(compiled.pipeline);
    pass.setBindGroup(0, group, packed ? [this.#uniformSlot(packed)] : []);
    pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    this.dispatches++;
    this.#count();
  }

  copy(
    from: PooledBuffer,
    fromOffset: number,
    to: PooledBuffer | GPUBuffer,
    toOffset: number,
    bytes: number,
  ) {
    from.epoch = this.epoch;
    this.#endPass();
    const target = "epoch" in to ? to.buffer : to;
    if ("epoch" in to) to.epoch = this.epoch;
    this.#encoding().copyBufferToBuffer(from.buffer, fromOffset, target, toOffset, bytes);
    this.#count();
  }

  /** Writes bytes from the host. Submits first where recorded commands still use the buffer. */
  write(to: PooledBuffer, offset: number, bytes: Uint8Array): void {
    const staged = this.#staging.fill(bytes, (chunk, at, length) => {
      this.#endPass();
      to.epoch = this.epoch;
      this.#encoding().copyBufferToBuffer(chunk, 0, to.buffer, offset + at, length);
      this.#count();
    });
    if (staged === bytes.byteLength) return;
    if (to.epoch === this.epoch) this.flush();
    const { buffer, byteOffset, byteLength } = bytes;
    this.#device.queue.writeBuffer(
      to.buffer,
      offset + staged,
      buffer,
      byteOffset + staged,
      byteLength - staged,
    );
  }

  /** Submits the recorded commands. */
  flush(): void {
    if (this.#encoder) {
      this.#endPass();
      this.tracer?.resolve(this.#encoder);
      // The queue orders this write after all earlier batches, so that one buffer serves every batch.
      if (this.#slots > 0) {
        this.#device.queue.writeBuffer(this.#uniforms, 0, this.#uniformBytes, 0, this.#slots * UNIFORM_SLOT);
      }
      this.#device.queue.submit([this.#encoder.finish()]);
      this.#encoder = null;
      this.submits++;
      this.#staging.submitted();
      this.tracer?.submitted();
    }
    this.#recorded = 0;
    this.#flop = 0;
    this.#slots = 0;
    this.epoch++;
    this.#submitted();
  }

  /** Frees staging buffers and cached bind groups. Only right after `flush`. */
  trim(): void {
    this.#staging.trim();
    this.#groups.clear();
  }

  destroy(): void {
    this.#staging.trim();
    this.#uniforms.destroy();
  }

  #count(): void {
    if (++this.#recorded >= SUBMIT_AT) this.flush();
  }

  #encoding(): GPUCommandEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#encoder;
  }

  #computePass(): GPUComputePassEncoder {
    this.#pass ??= this.#encoding().beginComputePass();
    return this.#pass;
  }

  #tracedPass(
    tracer: Tracer,
    kernel: Kernel,
    buffers: readonly PooledBuffer[],
    grid: Grid,
    flop: number,
  ): GPUComputePassEncoder {
    this.#endPass();
    const bytes = buffers.reduce((sum, { used }) => sum + used, 0);
    this.#pass = tracer.pass(this.#encoding(), { kernel: kernel.name, grid, flop, bytes });
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  /** The bind group of a kernel with these buffers, cached because the pool hands out the same buffers repeatedly. */
  #bound(
    kernel: Kernel,
    { id, layout }: CompiledKernel,
    buffers: readonly PooledBuffer[],
    uniformBytes: number,
  ): GPUBindGroup {
    let key = `${id}`;
    for (const pooled of buffers) key += `,${pooled.id}`;
    const known = this.#groups.get(key);
    if (known) return known;
    const resources: GPUBufferBinding[] = buffers.map(({ buffer }) => ({ buffer }));
    if (uniformBytes > 0) resources.unshift({ buffer: this.#uniforms, size: uniformBytes });
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    const group = this.#device.createBindGroup({ label: kernel.name, layout, entries });
    if (this.#groups.size >= MAX_GROUPS) this.#groups.clear();
    this.#groups.set(key, group);
    return group;
  }

  /** Stores uniforms and returns their offset. Slots never run out: a batch has at most `SUBMIT_AT` dispatches. */
  #uniformSlot(data: ArrayBuffer): number {
    const offset = this.#slots++ * UNIFORM_SLOT;
    this.#uniformBytes.set(new Uint8Array(data), offset);
    return offset;
  }
}
