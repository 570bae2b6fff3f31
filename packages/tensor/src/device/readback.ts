import { USAGE } from "./pool.js";

/** Bytes of the smallest buffer that values are read through, of the largest that is kept, and of all that are kept. */
const MIN_BYTES = 64 * 2 ** 10;
const MAX_KEPT = 4 * 2 ** 20;
const KEPT_BYTES = 16 * 2 ** 20;

/** Where mapped ranges may begin, in bytes. */
const ALIGNMENT = 8;

/** GPUMapMode.READ, fixed by the specification. */
const MAP_MODE_READ = 1;

/** A buffer that one or more reads of the same turn share. */
interface Chunk {
  readonly buffer: GPUBuffer;
  used: number;
  readers: number;
  mapped: boolean;
  /** Resolves with what the GPU has written. */
  values: Promise<ArrayBuffer> | null;
}

/** Submits what is recorded, then waits for what `map` starts. */
export type WaitFor = (map: () => Promise<ArrayBuffer>) => Promise<ArrayBuffer>;

/** Records the copy of `bytes` bytes to a buffer, at an offset. */
export type CopyTo = (buffer: GPUBuffer, offset: number, bytes: number) => void;

/**
 * Buffers through which values come back from the GPU, reused. All reads of one turn share a buffer, and with it one wait: a buffer of its
 * own for each value costs more than the values, of which a checkpoint has hundreds.
 */
export class Readback {
  readonly #device: GPUDevice;
  #open: Chunk | null = null;
  #idle: GPUBuffer[] = [];
  #closed = false;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Records a copy at once, and resolves with its bytes once the GPU has written them. */
  async read(bytes: number, copy: CopyTo, wait: WaitFor): Promise<ArrayBuffer> {
    const size = aligned(bytes);
    const open = this.#open;
    const chunk = open && open.used + size <= open.buffer.size ? open : this.#take(size);
    this.#open = chunk;
    const offset = chunk.used;
    chunk.used += size;
    chunk.readers++;
    copy(chunk.buffer, offset, Math.ceil(bytes / 4) * 4);
    try {
      chunk.values ??= wait(() => this.#map(chunk));
      return (await chunk.values).slice(offset, offset + bytes);
    } finally {
      if (--chunk.readers === 0) this.#give(chunk);
    }
  }

  /** No later read shares what was reserved so far. Call right before a submit. */
  seal(): void {
    this.#open = null;
  }

  /** Frees the buffers that no read uses. */
  trim(): void {
    for (const buffer of this.#idle) buffer.destroy();
    this.#idle = [];
  }

  close(): void {
    this.#closed = true;
    this.trim();
  }

  #take(bytes: number): Chunk {
    const at = this.#idle.findIndex(({ size }) => size >= bytes);
    const buffer = at < 0 ? this.#make(bytes) : this.#idle.splice(at, 1)[0];
    return { buffer, used: 0, readers: 0, mapped: false, values: null };
  }

  /** Sizes that are kept are powers of two, so that one serves many reads. */
  #make(bytes: number): GPUBuffer {
    const size = bytes > MAX_KEPT ? bytes : Math.max(MIN_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    return this.#device.createBuffer({ size, usage: USAGE.MAP_READ | USAGE.COPY_DST });
  }

  async #map(chunk: Chunk): Promise<ArrayBuffer> {
    await chunk.buffer.mapAsync(MAP_MODE_READ, 0, chunk.used);
    chunk.mapped = true;
    return chunk.buffer.getMappedRange(0, chunk.used);
  }

  #give({ buffer, mapped }: Chunk): void {
    const kept = this.#idle.reduce((sum, { size }) => sum + size, 0);
    const isKept = mapped && !this.#closed && buffer.size <= MAX_KEPT && kept + buffer.size <= KEPT_BYTES;
    if (!isKept) {
      buffer.destroy();
      return;
    }
    buffer.unmap();
    this.#idle.push(buffer);
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
