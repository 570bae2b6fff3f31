import type { Kernel } from "../kernels/kernel.js";
import { packUniforms } from "../kernels/kernel.js";
import type { PipelineCache } from "./pipelines.js";
import { type PooledBuffer, USAGE } from "./pool.js";

export type UniformValues = Record<string, number | readonly number[]>;
export type Grid = readonly [number, number, number];

const UNIFORM_SLOT = 256;
const SLOTS = 128;
/** Dispatches recorded before a batch is submitted by itself: a submit costs about as much as one dispatch. */
const SUBMIT_AT = 96;

/**
 * Records dispatches and copies into one encoder and submits them together. `epoch` numbers the batch being
 * recorded: a buffer last used in it must not be written by the queue before the batch is submitted.
 */
export class CommandRecorder {
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #recorded = 0;
  #uniformBuffers: GPUBuffer[] = [];
  readonly #uniformBytes = new Uint8Array(SLOTS * UNIFORM_SLOT);
  #uniformSlot = 0;
  #uniformChunk = 0;
  epoch = 0;
  dispatches = 0;
  submits = 0;

  constructor(device: GPUDevice, pipelines: PipelineCache) {
    this.#device = device;
    this.#pipelines = pipelines;
  }

  dispatch(kernel: Kernel, buffers: readonly PooledBuffer[], uniforms: UniformValues, grid: Grid): void {
    const { pipeline, layout } = this.#pipelines.get(kernel);
    const entries: GPUBindGroupEntry[] = [];
    if (kernel.uniforms.length > 0) {
      entries.push({ binding: 0, resource: this.#uniform(packUniforms(kernel, uniforms)) });
    }
    for (const pooled of buffers) {
      pooled.epoch = this.epoch;
      entries.push({ binding: entries.length, resource: { buffer: pooled.buffer } });
    }
    const pass = this.#computePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    this.dispatches++;
    if (++this.#recorded >= SUBMIT_AT) this.flush();
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
    this.#recorded++;
  }

  /** Writes bytes from the host, after all that was recorded so far has been submitted where that matters. */
  write(to: PooledBuffer, offset: number, bytes: Uint8Array): void {
    if (to.epoch === this.epoch) this.flush();
    this.#device.queue.writeBuffer(to.buffer, offset, bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Submits what was recorded. */
  flush(): void {
    if (this.#encoder) {
      this.#endPass();
      this.#writeUniforms();
      this.#device.queue.submit([this.#encoder.finish()]);
      this.#encoder = null;
      this.submits++;
    }
    this.#recorded = 0;
    this.#uniformChunk = 0;
    this.#uniformSlot = 0;
    this.epoch++;
  }

  destroy(): void {
    for (const buffer of this.#uniformBuffers) buffer.destroy();
    this.#uniformBuffers = [];
  }

  #encoding(): GPUCommandEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#encoder;
  }

  #computePass(): GPUComputePassEncoder {
    this.#pass ??= this.#encoding().beginComputePass();
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  /** A slot of a uniform buffer; the host copy of a full buffer is written when the next one is begun. */
  #uniform(data: ArrayBuffer): GPUBufferBinding {
    if (this.#uniformSlot === SLOTS) {
      this.#writeUniforms();
      this.#uniformChunk++;
      this.#uniformSlot = 0;
    }
    const buffer = this.#uniformBuffer();
    const offset = this.#uniformSlot++ * UNIFORM_SLOT;
    this.#uniformBytes.set(new Uint8Array(data), offset);
    return { buffer, offset, size: data.byteLength };
  }

  #uniformBuffer(): GPUBuffer {
    let buffer = this.#uniformBuffers[this.#uniformChunk];
    if (!buffer) {
      const usage = USAGE.UNIFORM | USAGE.COPY_DST;
      buffer = this.#device.createBuffer({ size: SLOTS * UNIFORM_SLOT, usage });
      this.#uniformBuffers[this.#uniformChunk] = buffer;
    }
    return buffer;
  }

  #writeUniforms(): void {
    if (this.#uniformSlot === 0) return;
    this.#device.queue.writeBuffer(
      this.#uniformBuffer(),
      0,
      this.#uniformBytes,
      0,
      this.#uniformSlot * UNIFORM_SLOT,
    );
  }
}
