import { createHash } from "node:crypto";
import { type FittedDetector, promiseText } from "@inctrl/detect";
import type { ProductDrift } from "./drift.js";
import type { OpenBank } from "./engine.js";

/** What a verdict stands on: hashes of the bank's file, of its calibration, and of the backbone's weights. */
export interface ProductIds {
  readonly bank: string;
  readonly calibration: string | null;
  readonly model: string;
}

/** A bank that is served. It is freed once it is retired and nobody uses it. */
export class Product {
  readonly name: string;
  readonly ids: ProductIds;
  /** Null where there is nothing that parts could be compared with. */
  readonly drift: ProductDrift | null;
  readonly #bank: OpenBank;
  #users = 0;
  #retired = false;

  constructor(
    name: string,
    bank: OpenBank,
    ids: Pick<ProductIds, "bank" | "model">,
    drift: ProductDrift | null,
  ) {
    this.name = name;
    this.drift = drift;
    this.#bank = bank;
    const { judge } = bank;
    const calibration = judge && createHash("sha256").update(JSON.stringify(judge)).digest("hex");
    this.ids = { bank: ids.bank, calibration, model: ids.model };
  }

  get fitted(): FittedDetector {
    return this.#bank.fitted;
  }

  get judge(): OpenBank["judge"] {
    return this.#bank.judge;
  }

  get about(): OpenBank["about"] {
    return this.#bank.about;
  }

  /** Makes the next version of its file, which knows these good images too. */
  learn(images: Parameters<OpenBank["learn"]>[0]): ReturnType<OpenBank["learn"]> {
    return this.#bank.learn(images);
  }

  /** What its line promises, in sentences. */
  get promise(): readonly string[] {
    if (this.judge) return promiseText(this.judge.line, this.judge.tried);
    return ["This bank has no line, so that there are scores and no verdicts; inctrl calibrate makes one."];
  }

  /** Keeps it until the result is disposed of. */
  use(): Disposable {
    this.#users++;
    return {
      [Symbol.dispose]: () => {
        this.#users--;
        this.#free();
      },
    };
  }

  /** Frees it as soon as nobody uses it. */
  retire(): void {
    this.#retired = true;
    this.#free();
  }

  #free(): void {
    if (this.#retired && this.#users === 0) this.#bank[Symbol.dispose]();
  }
}
