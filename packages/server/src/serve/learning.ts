import { type BankChange, fileImage, undoBank } from "@inctrl/detect";
import { CodedError } from "@inctrl/tensor";
import { isDeviceFault } from "./engine.js";
import type { Product } from "./product.js";
import { Refusal, refusedChange } from "./refusal.js";
import { type GoodPicture, learnable, type Reviews } from "./reviews.js";
import type { Service } from "./service.js";

/** Pictures that a bank learns at a time. */
const MAX_PICTURES = 100;

export interface LearningOptions {
  readonly service: Service;
  readonly reviews: Reviews | null;
  /** Pixels of the largest picture that is decoded. */
  readonly maxPixels: number;
  /** Whether the service knows who asks: by a token, or since only its own machine reaches it. */
  readonly trusted: boolean;
  readonly log: (line: string) => void;
}

/** What banks learn from parts that a person called good, and how that is taken back. Changes wait for each other. */
export class Learning {
  readonly #options: LearningOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: LearningOptions) {
    this.#options = options;
  }

  /** Why nobody may change banks here; null where they may. */
  get refused(): string | null {
    const { trusted, reviews } = this.#options;
    if (!reviews) return "reviews are not kept here; start the service with --reviews FOLDER";
    return trusted ? null : "everyone reaches this service; start it with --token-file to let it learn";
  }

  /** Pictures that a product's bank would learn, the oldest review first. */
  waiting({ name, about }: Product): GoodPicture[] {
    return learnable(this.#options.reviews?.good(name) ?? [], about);
  }

  /** Makes the next version of a product's bank, with what is waiting. @throws Refusal where that cannot be done. */
  learn(name: string): Promise<BankChange> {
    return this.#next(name, async (product, path) => {
      const { maxPixels, log } = this.#options;
      const pictures = this.waiting(product).slice(0, MAX_PICTURES);
      if (pictures.length === 0)
        throw new Refusal(
          409,
          "nothing",
          "no part was confirmed as good that the bank does not know already",
        );
      const reading = { ...product.fitted.reading, maxPixels };
      const { change } = await product.learn(pictures.map((picture) => fileImage(picture.path, reading)));
      log(
        `product ${name}: learnt ${pictures.length} good parts (${change.what}), and its bank is version ${change.version}; ` +
          `inctrl bank undo ${path} takes it back`,
      );
      return change;
    });
  }

  /** Takes back what a bank learnt last. @param version the version that is taken back: the present one. */
  undo(name: string, version: number): Promise<BankChange> {
    return this.#next(name, async ({ about: { last } }, path) => {
      if (last?.version !== version || !last.what.endsWith("added"))
        throw new Refusal(
          409,
          "version",
          `version ${version} is not what the bank of ${name} learnt last; look again`,
        );
      const change = await undoBank(path, version);
      this.#options.log(`product ${name}: version ${version} of its bank (${change.what}) is taken back`);
      return change;
    });
  }

  /** Changes a bank after the changes before, and serves it then. */
  #next(name: string, change: (product: Product, path: string) => Promise<BankChange>): Promise<BankChange> {
    const { refused } = this;
    if (refused) throw new Refusal(this.#options.reviews ? 403 : 409, "no-learning", refused);
    const { catalogue } = this.#options.service;
    const done = this.#last.then(async () => {
      const product = this.#options.service.product(name);
      using _ = product.use();
      try {
        return await change(product, catalogue.pathOf(name));
      } catch (error) {
        if (isDeviceFault(error))
          throw new Refusal(503, "device", "the device was lost; it is opened again, try again soon", 5);
        throw error instanceof CodedError ? refusedChange(error) : error;
      } finally {
        await catalogue.refresh();
      }
    });
    this.#last = done.catch(() => {});
    return done;
  }
}
