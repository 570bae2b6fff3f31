import { USAGE } from "./pool.js";

/** Bytes of one staging buffer, and their number at most: twice what a loader keeps in flight. */
const CHUNK_BYTES = 4 * 2 ** 20;
const CHUNKS = 8;

/** Smaller writes, in bytes, go through the queue, whose own staging serves them well. */
const STAGED_FROM = 256 * 2 ** 10;

/**
 * Mapped buffers for large writes, reused. The queue's own staging takes fresh memory for each large write, and the first
 * touch of a page costs more than copying it.
 */
export class Staging {
  readonly #device: GPUDevice;
  /** Mapped buffers, free to be filled. */
  readonly #ready: GPUBuffer[] = [];
  /** Filled buffers whose copies are recorded but not submitted. */
  #filled: GPUBuffer[] = [];
  #made = 0;
  /** Counts trims: buffers in flight during a trim are destroyed when they return. */
  #generation = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * Fills chunks from `bytes` and has each copied by `copy`.
   *
   * @returns bytes taken; fewer than all when every chunk is in flight.
   */
  fill(bytes: Uint8Array, copy: (chunk: GPUBuffer, offset: number, bytes: number) => void): number {
    if (bytes.byteLength < STAGED_FROM) return 0;
    let done = 0;
    while (done < bytes.byteLength) {
      const chunk = this.#ready.pop() ?? this.#make();
      if (!chunk) break;
      const part = bytes.subarray(done, done + CHUNK_BYTES);
      new Uint8Array(chunk.getMappedRange(0, part.byteLength)).set(part);
      chunk.unmap();
      this.#filled.push(chunk);
      copy(chunk, done, part.byteLength);
      done += part.byteLength;
    }
    return done;
  }

  /** Call right after each submit: chunks return once the GPU has read them. */
  submitted(): void {
    const generation = this.#generation;
    for (const chunk of this.#filled) {
      chunk.mapAsync(MAP_MODE_WRITE).then(
        () => {
          if (generation === this.#generation) this.#ready.push(chunk);
          else chunk.destroy();
        },
        // The device was lost or closed; the device reports it.
        () => {},
      );
    }
    this.#filled = [];
  }

  /** Frees all chunks. Only right after a submit. */
  trim(): void {
    for (const chunk of this.#ready) chunk.destroy();
    this.#ready.length = 0;
    this.#made = 0;
    this.#generation++;
  }

  #make(): GPUBuffer | null {
    if (this.#made === CHUNKS) return null;
    this.#made++;
    const usage = USAGE.MAP_WRITE | USAGE.COPY_SRC;
    return this.#device.createBuffer({ size: CHUNK_BYTES, usage, mappedAtCreation: true });
  }
}

/** GPUMapMode.WRITE, fixed by the specification. */
const MAP_MODE_WRITE = 2;
