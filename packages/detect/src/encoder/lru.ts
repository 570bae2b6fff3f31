/** What was used last, up to a number of bytes; the rest is let go, the oldest use first. */
export class RecentlyUsed<K, V> {
  readonly limit: number;
  readonly #bytesOf: (value: V) => number;
  readonly #letGo: (value: V) => void;
  readonly #held = new Map<K, V>();
  #bytes = 0;

  /** `letGo` frees a value that is no longer held. */
  constructor(limit: number, bytesOf: (value: V) => number, letGo: (value: V) => void = () => {}) {
    this.limit = limit;
    this.#bytesOf = bytesOf;
    this.#letGo = letGo;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#held.size;
  }

  get(key: K): V | undefined {
    const value = this.#held.get(key);
    if (value === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, value);
    return value;
  }

  /** Holds a value, at least until the next one comes. */
  set(key: K, value: V): void {
    this.delete(key);
    this.#held.set(key, value);
    this.#bytes += this.#bytesOf(value);
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.limit || this.#held.size === 1) break;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const value = this.#held.get(key);
    if (value === undefined) return;
    this.#held.delete(key);
    this.#bytes -= this.#bytesOf(value);
    this.#letGo(value);
  }

  clear(): void {
    for (const key of [...this.#held.keys()]) this.delete(key);
  }
}
