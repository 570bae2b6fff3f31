import { createHash, randomUUID } from "node:crypto";
import { imageHeader, oneLine } from "@inctrl/datasets";
import { type DecodePool, DRIFT_CAUSES, type DriftTest, memoryImage, mergeViews } from "@inctrl/detect";
import { CodedError } from "@inctrl/tensor";
import { ServerError } from "../errors.js";
import { answerOf, untold } from "./answer.js";
import { Batcher, Stalled } from "./batcher.js";
import { Catalogue } from "./catalogue.js";
import { type Engine, isDeviceFault, type OpenEngine } from "./engine.js";
import { Losses } from "./losses.js";
import { Metrics } from "./metrics.js";
import { type Part, PartStore } from "./parts.js";
import type { Product } from "./product.js";
import { Refusal } from "./refusal.js";

/** What a service is made of. */
export interface ServiceOptions {
  /** The folder whose `NAME.bank.safetensors` are served as NAME. */
  readonly products: string;
  readonly openEngine: OpenEngine;
  /** Pixels of the largest picture that is decoded. */
  readonly maxPixels: number;
  /** Bytes of the parts that are kept. */
  readonly keepBytes: number;
  /** Milliseconds that a request waits for its verdict. */
  readonly timeoutMs: number;
  /** Milliseconds without a result after which the device counts as lost. */
  readonly stallMs: number;
  readonly pollMs: number;
  /** A line for whoever runs the service. */
  readonly log: (line: string) => void;
  /** An error in one line. */
  readonly describe: (error: unknown) => string;
  /** How the line of a product's bank file is set anew, in a line: what is told beside its drift. */
  readonly proposal?: (product: string, bank: string) => string;
}

export type ServiceState = "starting" | "ready" | "reopening" | "failed" | "closed";

/** Images of one product in a row while another one's wait. */
const TURN = 32;

/** Products and what scores for them: one device, one backbone, one queue. */
export class Service {
  readonly metrics: Metrics;
  readonly parts: PartStore;
  readonly catalogue: Catalogue;
  /** Rejects when the service cannot go on. */
  readonly failed: Promise<never>;
  readonly #options: ServiceOptions;
  readonly #batcher: Batcher;
  readonly #losses = new Losses();
  #engine: Engine | null = null;
  #state: ServiceState = "starting";
  #fail: (error: unknown) => void = () => {};

  constructor(options: ServiceOptions) {
    this.#options = options;
    const { products: folder, keepBytes, stallMs, pollMs, describe, log } = options;
    this.#batcher = new Batcher({
      ...{ turn: TURN, stallMs, onFailure: (error) => this.#recover(error) },
      onRun: (images) => this.metrics.batches.observe(images),
    });
    this.metrics = new Metrics();
    this.metrics.gauge("inctrl_queue_depth", "Parts that wait for the device.", () => this.#batcher.depth);
    this.parts = new PartStore(keepBytes);
    this.catalogue = new Catalogue({ folder, describe, log, pollMs });
    this.#showDrift();
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  get state(): ServiceState {
    return this.#state;
  }

  get engine(): Engine | null {
    return this.#engine;
  }

  /** The threads that decode pictures. @throws Refusal 503 while there is no device. */
  get pool(): DecodePool {
    if (this.#engine) return this.#engine.pool;
    throw reopening();
  }

  /**
   * Opens the device and the products.
   *
   * @throws ServerError `products` where no bank can be served.
   */
  async start(): Promise<void> {
    await this.#open();
    const states = this.catalogue.states();
    if (!states.some(({ state }) => state === "serving")) {
      const [first] = states;
      const why = first
        ? `none of its ${states.length} banks can be served; ${first.name}: ${first.problem}`
        : "no bank in it";
      throw new ServerError("products", `${this.#options.products}: ${why}; put NAME.bank.safetensors there`);
    }
    this.catalogue.follow();
    this.#state = "ready";
  }

  /** Finishes what is queued, and closes the device. */
  async close(): Promise<void> {
    await this.#batcher.idle();
    this.#state = "closed";
    await this.catalogue.close();
    this.#engine?.close();
    this.#engine = null;
  }

  /** The product of a name. @throws Refusal 404, or 503 while there is no device. */
  product(name: string): Product {
    if (this.#state === "failed" || this.#state === "closed")
      throw new Refusal(503, "closed", "the service is ending; ask another one");
    const product = this.catalogue.find(name);
    if (product) return product;
    if (this.#state === "reopening") throw reopening();
    const state = this.catalogue.states().find((each) => each.name === name)?.state;
    if (state === "opening") throw new Refusal(503, "product", `the bank of ${name} is being opened`, 2);
    if (state) throw new Refusal(503, "product", `the bank of ${name} was refused; the log says why`, 30);
    throw new Refusal(404, "no-product", `there is no product ${name}; GET /v1/products lists them`);
  }

  /**
   * The verdict of a picture. The same id, bytes and bank give the same answer, and are scored once. A picture that cannot be read, or
   * whose score is not finite, gives a part with the verdict ERROR.
   *
   * @throws Refusal where it cannot be told now.
   */
  async score(name: string, id: string = randomUUID(), image: Uint8Array): Promise<Part> {
    const product = this.product(name);
    const sha256 = createHash("sha256").update(image).digest("hex");
    const { ids } = product;
    const scored = this.parts.once({ product: name, part: id, sha256, ids }, () =>
      this.#score(product, id, sha256, image),
    );
    return await this.#withinTimeout(scored, id);
  }

  async #score(product: Product, id: string, sha256: string, image: Uint8Array): Promise<Part> {
    const { ids, name, fitted } = product;
    const { maxPixels, log } = this.#options;
    const time = new Date().toISOString();
    const facts = { ...{ product: name, part: id, sha256, ids, time }, review: null };
    let part: Part;
    try {
      if (image.length === 0)
        throw new Refusal(422, "empty", "the body is empty; send the file of a picture");
      // A hostile size is refused by its header, before it waits.
      await imageHeader(image, { label: id, maxPixels });
      const item = memoryImage(id, image, { ...fitted.reading, maxPixels });
      const scored = await this.#batcher.score(product, item);
      const answer = { ...facts, ...answerOf(scored, product) };
      part = { answer, image, map: mergeViews(scored.result.views) };
      this.metrics.scored(answer, scored);
      if (product.drift?.add(sha256, scored.result)) this.#tellDrift(name, product.drift.text);
    } catch (error) {
      if (error instanceof Refusal && error.status !== 422) throw error;
      if (isDeviceFault(error))
        throw new Refusal(503, "device", "the device was lost; it is opened again, try again soon", 5);
      if (!(error instanceof CodedError || error instanceof Refusal)) throw error;
      part = { answer: { ...facts, ...untold(error.code, error.message) }, image, map: null };
      log(`product ${name}, part ${JSON.stringify(id)}: ERROR: ${oneLine(error.message)}`);
    }
    this.metrics.verdicts.inc({ product: name, verdict: part.answer.verdict ?? "none" });
    return part;
  }

  #tellDrift(name: string, text: string): void {
    const { proposal, log } = this.#options;
    const proposed = proposal ? `; ${proposal(name, this.catalogue.pathOf(name))}` : "";
    log(`product ${name}: ${text}${proposed}`);
  }

  #showDrift(): void {
    const drifts = () =>
      this.catalogue.states().flatMap(({ name: product }) => {
        const drift = this.catalogue.find(product)?.drift;
        return drift ? [{ product, drift }] : [];
      });
    this.metrics.gauges("inctrl_drift_parts", "Parts since the bank was opened.", ["product"], () =>
      drifts().map(({ product, drift }) => [{ product }, drift.parts] as const),
    );
    this.metrics.gauges(
      "inctrl_drift_alarm",
      "1 where light, camera or product have drifted away from the calibration images.",
      ["product", "kind"],
      () =>
        drifts().flatMap(({ product, drift }) =>
          DRIFT_CAUSES.map((kind) => [{ product, kind }, Number(drift.cause === kind)] as const),
        ),
    );
    const tests = (value: (test: DriftTest) => number) => () =>
      drifts().flatMap(({ product, drift }) =>
        drift.tests.map((test) => [{ product, quantity: test.name }, value(test)] as const),
      );
    this.metrics.gauges(
      "inctrl_drift_moved",
      "1 where a quantity of the last parts is not as that of the calibration images.",
      ["product", "quantity"],
      tests(({ moved }) => Number(moved)),
    );
    this.metrics.gauges(
      "inctrl_drift_shift",
      "By how many standard deviations of the calibration images the median of a quantity has moved.",
      ["product", "quantity"],
      tests(({ shift }) => shift),
    );
  }

  async #withinTimeout<T>(promise: Promise<T>, id: string): Promise<T> {
    const { timeoutMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const why = `no verdict within ${timeoutMs / 1000} s; ask again for part ${id}`;
      timer = setTimeout(() => reject(new Refusal(503, "timeout", why, 5)), timeoutMs);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
      promise.catch(() => {});
    }
  }

  async #open(): Promise<void> {
    this.#engine = await this.#options.openEngine();
    await this.catalogue.open(this.#engine);
  }

  /** After a failed run: opens the device again where it was lost, and ends the service where that happens too often. */
  async #recover(error: unknown): Promise<void> {
    const { describe, log } = this.#options;
    if (!isDeviceFault(error) && !(error instanceof Stalled)) {
      log(`scoring failed: ${describe(error)}`);
      return;
    }
    if (this.#state === "closed") return;
    for (;;) {
      this.#losses.add();
      this.metrics.deviceLosses.inc();
      log(`the device was lost: ${describe(error)}`);
      this.#state = "reopening";
      this.#batcher.fail(reopening());
      this.catalogue.release();
      this.#engine?.close();
      this.#engine = null;
      if (this.#losses.tooMany) {
        this.#state = "failed";
        this.#fail(new ServerError("device", this.#losses.reason));
        return;
      }
      try {
        await this.#open();
        this.#state = "ready";
        log(`the device is open again (${this.#losses.text})`);
        return;
      } catch (again) {
        error = again;
      }
    }
  }
}

const reopening = (): Refusal =>
  new Refusal(503, "device", "the device was lost and is being opened again; try again soon", 5);
