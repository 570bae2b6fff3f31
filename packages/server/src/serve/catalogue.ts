import { watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "@inctrl/datasets";
import { ServerError } from "../errors.js";
import { ProductDrift } from "./drift.js";
import { type Engine, isDeviceFault } from "./engine.js";
import { Product } from "./product.js";
import { selfTest } from "./self-test.js";

/** How a product's file ends. */
export const BANK_SUFFIX = ".bank.safetensors";

/** What is known of a bank file. */
export interface ProductState {
  readonly name: string;
  /** `opening`: it is not served yet; `error`: its file was refused, and nothing is served under its name. */
  readonly state: "serving" | "opening" | "error";
  /** Why the file was refused. A product may still be served by the bank that its file held before. */
  readonly problem: string | null;
}

interface Entry {
  product: Product | null;
  /** What is known of the bank's parts. It outlives the engine, and ends with the bank. */
  drift: ProductDrift | null;
  problem: string | null;
  /** Tells a changed file, and another engine: what the file system says, and the engine's number. */
  stamp: string;
}

export interface CatalogueOptions {
  readonly folder: string;
  /** An error in one line, for the log. */
  readonly describe: (error: unknown) => string;
  readonly log: (line: string) => void;
  /** Milliseconds between looks at the folder: notices of a file system may be lost. */
  readonly pollMs: number;
}

/**
 * The banks of a folder, opened on the engine of the day. A file that changes is opened again; what is served changes only once the new
 * bank has been opened and tested.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #entries = new Map<string, Entry>();
  #engine: Engine | null = null;
  /** What was lost with the engine while a bank was opened. */
  #fault: unknown = null;
  /** Engines so far. */
  #generation = 0;
  #last: Promise<void> = Promise.resolve();
  #stopWatching: () => void = () => {};

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  /** The product that is served under a name. */
  find(name: string): Product | null {
    return this.#entries.get(name)?.product ?? null;
  }

  /** The bank file of a name. */
  pathOf(name: string): string {
    return join(this.#options.folder, name + BANK_SUFFIX);
  }

  /** Every bank file by name. */
  states(): ProductState[] {
    return [...this.#entries]
      .map(([name, { product, problem }]) => ({
        ...{ name, problem },
        state: product ? ("serving" as const) : problem === null ? ("opening" as const) : ("error" as const),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Opens all banks on an engine. Products of an engine before are retired. A bank that is refused is told in its state.
   *
   * @throws TensorError where the device is lost meanwhile.
   */
  async open(engine: Engine): Promise<void> {
    this.release();
    this.#fault = null;
    this.#engine = engine;
    this.#generation++;
    await this.refresh();
    if (this.#fault !== null) throw this.#fault;
  }

  /** Retires all products: their device is gone. */
  release(): void {
    this.#engine = null;
    for (const entry of this.#entries.values()) {
      entry.product?.retire();
      entry.product = null;
    }
  }

  /** Opens what is new or changed, and withdraws what is gone. Calls wait for each other. */
  refresh(): Promise<void> {
    this.#last = this.#last.then(() => this.#refresh());
    return this.#last;
  }

  /** Follows the folder from now on, by notices of the file system and by looking. */
  follow(): void {
    const look = () => void this.refresh();
    const timer = setInterval(look, this.#options.pollMs);
    timer.unref();
    let soon: NodeJS.Timeout | undefined;
    // A file that is being written makes many notices.
    const notice = () => {
      clearTimeout(soon);
      soon = setTimeout(look, 100);
    };
    try {
      const watcher = watch(this.#options.folder, { persistent: false }, notice);
      watcher.on("error", () => watcher.close());
      this.#stopWatching = () => watcher.close();
    } catch {
      // Some file systems give no notices. The timer looks.
    }
    const stop = this.#stopWatching;
    this.#stopWatching = () => {
      clearInterval(timer);
      clearTimeout(soon);
      stop();
    };
  }

  async close(): Promise<void> {
    this.#stopWatching();
    await this.#last;
    this.release();
  }

  async #refresh(): Promise<void> {
    const [engine, generation] = [this.#engine, this.#generation];
    if (!engine) return;
    const { folder, describe, log } = this.#options;
    let files: string[];
    try {
      files = (await readdir(folder)).filter((file) => file.endsWith(BANK_SUFFIX) && !file.startsWith("."));
    } catch (error) {
      // A share that is away for a while does not take the products with it.
      log(`the folder of products cannot be read: ${describe(error)}`);
      return;
    }
    const names = new Set(files.map((file) => file.slice(0, -BANK_SUFFIX.length)).filter(Boolean));
    for (const [name, { product }] of this.#entries) {
      if (names.has(name)) continue;
      this.#entries.delete(name);
      product?.retire();
      log(`product ${name}: its bank is gone, and it is no longer served`);
    }
    for (const name of [...names].sort()) await this.#look(name, engine, generation);
  }

  async #look(name: string, engine: Engine, generation: number): Promise<void> {
    const { describe, log } = this.#options;
    const path = this.pathOf(name);
    const entry: Entry = this.#entries.get(name) ?? { product: null, drift: null, problem: null, stamp: "" };
    try {
      if (engine !== this.#engine) return;
      const stamp = `${generation} ${await stampOf(path)}`;
      if (stamp === entry.stamp) return;
      this.#entries.set(name, entry);
      // Also of a file that is refused: it is tried again when it changes.
      entry.stamp = stamp;
      const bank = await hashFile(path);
      if (entry.product?.ids.bank === bank) {
        entry.problem = null;
        return;
      }
      const product = await this.#load(name, bank, engine, entry.drift);
      if (engine !== this.#engine) return product.retire();
      entry.product?.retire();
      Object.assign(entry, { product, drift: product.drift, problem: null });
      log(`product ${name}: serving bank ${bank.slice(0, 12)}; ${product.promise[0]}`);
    } catch (error) {
      if (engine !== this.#engine) return;
      if (isDeviceFault(error)) this.#fault = error;
      entry.problem = describe(error);
      this.#entries.set(name, entry);
      const kept = entry.product ? "; the bank before is served" : "";
      log(`product ${name}: ${entry.problem}${kept}`);
    }
  }

  /** @param before what is known of the parts of the bank before, which may be this one. */
  async #load(name: string, bank: string, engine: Engine, before: ProductDrift | null): Promise<Product> {
    const path = this.pathOf(name);
    const open = await engine.open(path);
    try {
      await selfTest(open.fitted);
      if ((await hashFile(path)) !== bank)
        throw new ServerError("products", `${path}: changed while it was read; it is read again`);
      const drift = before?.bank === bank ? before : ProductDrift.of(bank, open.judge);
      return new Product(name, open, { bank, model: engine.model }, drift);
    } catch (error) {
      open[Symbol.dispose]();
      throw error;
    }
  }
}

async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  return [size, mtimeMs, ino].join(" ");
}
