// Files of which processes with the same environment take one after the other.

const packageOf = (file) => file.split("/", 2).join("/");

/** Hands each file to one worker. Workers stay in a package as long as they can: its tests use the same kernels, which a process compiles once. */
export class Queue {
  /** @type {Record<string, string>} the environment of its processes. */
  env;
  /** Whether several processes take from it. */
  isShared;
  #files;
  #first;
  /** The package that each worker is in. */
  #places = new Map();

  /** @param {string[]} files @param {{first?: number, env: Record<string, string>}} options so many `first` files are handed out first. */
  constructor(files, { first = 0, env }) {
    this.#files = [...files];
    this.#first = files.slice(0, first);
    this.isShared = files.length > 1;
    this.env = env;
  }

  /** What is left, in order. */
  get files() {
    return [...this.#files];
  }

  get isEmpty() {
    return this.#files.length === 0;
  }

  /** The next file for a worker; undefined: none is left. */
  next(worker) {
    const file =
      this.#first.shift() ?? this.#files.find((each) => packageOf(each) === this.#placeFor(worker));
    if (file === undefined) return undefined;
    this.#files.splice(this.#files.indexOf(file), 1);
    this.#places.set(worker, packageOf(file));
    return file;
  }

  /** The package that a worker is in, else the one with most files left, of those that no other worker is in if there is any. */
  #placeFor(worker) {
    const left = new Map();
    for (const file of this.#files) left.set(packageOf(file), (left.get(packageOf(file)) ?? 0) + 1);
    const own = this.#places.get(worker);
    if (left.has(own)) return own;
    const taken = new Set(this.#places.values());
    const free = [...left].filter(([name]) => !taken.has(name));
    return (free.length > 0 ? free : [...left]).sort(([, a], [, b]) => b - a)[0]?.[0];
  }
}
