import { createHash } from "node:crypto";
import type { PreprocessConfig } from "@inctrl/clip";
import { type Backbone, type Tap, type TapLayout, type ViewSize, VitBackbone } from "@inctrl/detect";
import { type Device, type Tensor, tensor, zeros } from "@inctrl/tensor";
import { OnnxError } from "./errors.js";
import { type OpenTower, openTower } from "./open-tower.js";
import { type OrtSession, type Runtime, requireRuntime } from "./runtime.js";
import { tapName, towerModel } from "./tower/model.js";

/**
 * A backbone whose network runs in onnxruntime on the processor; all else, texts included, stays the backbone's own. It has a name and a
 * fingerprint of its own, since features agree with ours to 1e-4 and not bit by bit: banks and caches of one are not the other's.
 */
export class OrtBackbone implements Backbone {
  readonly name: string;
  readonly fingerprint: string;
  readonly weights: string;
  readonly #own: Backbone;
  readonly #open: OpenTower;
  readonly #runtime: Runtime;
  /** Sessions by the results that they give. */
  readonly #sessions = new Map<string, Promise<OrtSession>>();

  /** @param own what it stands for, and disposes of. @param open its network. */
  constructor(own: Backbone, open: OpenTower, runtime: Runtime) {
    this.#own = own;
    this.#open = open;
    this.#runtime = runtime;
    const engine = `onnxruntime ${runtime.version}`;
    this.weights = own.weights ?? own.fingerprint;
    this.name = `${own.name} on ${engine}`;
    this.fingerprint = createHash("sha256").update(`${own.fingerprint} ${engine}`).digest("hex");
  }

  get device(): Device {
    return this.#own.device;
  }

  get parameters(): number {
    return this.#own.parameters;
  }

  get embedDim(): number {
    return this.#own.embedDim;
  }

  get promptSymmetries(): number {
    return this.#own.promptSymmetries;
  }

  get preprocess(): PreprocessConfig {
    return this.#own.preprocess;
  }

  get defaultTaps(): readonly Tap[] {
    return this.#own.defaultTaps;
  }

  get depth(): number {
    return this.#own.depth;
  }

  get hasText(): boolean {
    return this.#own.hasText;
  }

  get logitScale(): number | undefined {
    return this.#own.logitScale;
  }

  get withText(): Backbone["withText"] {
    const own = this.#own;
    return own.withText && ((use, options) => own.withText!(use, options));
  }

  /** @throws OnnxError `method` for images of another size than the network's own. */
  layout(tap: Tap, size: ViewSize): TapLayout {
    const side = this.#open.tower.size;
    if (size.width !== side || size.height !== side)
      throw new OnnxError(
        "method",
        `${this.name} takes images of ${side} x ${side} pixels, and not of ${size.width} x ${size.height}; use our own engine for those`,
      );
    return this.#own.layout(tap, size);
  }

  /** Each view is run by itself, so that no batch changes a bit, and more at once gain nothing on a processor. */
  batch(): number {
    return 1;
  }

  encode(): never {
    throw new OnnxError("runtime", `${this.name} computes beside the device; encode images with an Encoder`);
  }

  async encodeApart(
    pixels: Float32Array,
    { width, height, count }: ViewSize & { readonly count: number },
    taps: readonly Tap[],
    { features: wanted = true }: { readonly features?: boolean } = {},
  ): Promise<{ features: Tensor; taps: Tensor[] }> {
    const session = await this.#session(taps, wanted);
    const names = [...(wanted ? ["features"] : []), ...taps.map(tapName)];
    const results = new Map<string, Float32Array>();
    const plane = 3 * width * height;
    for (let view = 0; view < count; view++) {
      const own = pixels.slice(view * plane, (view + 1) * plane);
      const found = await session.run({
        pixels: this.#runtime.tensor("float32", own, [1, 3, height, width]),
      });
      for (const name of names) {
        const data = found[name].data as Float32Array;
        if (!results.has(name)) results.set(name, new Float32Array(count * data.length));
        results.get(name)!.set(data, view * data.length);
      }
    }
    const { device, embedDim } = this;
    const made = taps.map((tap) => {
      const layout = this.layout(tap, { width, height });
      return tensor(device, results.get(tapName(tap))!, [count, layout.rows * layout.columns, layout.width]);
    });
    const shape = [count, embedDim];
    const features = wanted ? tensor(device, results.get("features")!, shape) : zeros(device, shape);
    return { features, taps: made };
  }

  async #session(taps: readonly Tap[], features: boolean): Promise<OrtSession> {
    const key = JSON.stringify([taps, features]);
    const known = this.#sessions.get(key);
    if (known) return await known;
    const made = towerModel(this.#open.tower, { taps, features, batch: 1 }).then((model) =>
      this.#runtime.open(Buffer.concat(model)),
    );
    this.#sessions.set(key, made);
    return await made;
  }

  textFingerprint(): Promise<string | null> {
    return this.#own.textFingerprint();
  }

  prototypes(...given: Parameters<Backbone["prototypes"]>): Promise<Tensor> {
    return this.#own.prototypes(...given);
  }

  dispose(): void {
    const quiet = () => {};
    for (const session of this.#sessions.values()) session.then((each) => each.release()).catch(quiet);
    this.#sessions.clear();
    this.#open[Symbol.asyncDispose]().then(quiet, quiet);
    this.#own.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * The backbone with its network in onnxruntime.
 *
 * @param own a backbone that `openNetwork` opened; where this fails, it is disposed of.
 * @param source what it was opened by.
 * @throws OnnxError `runtime` where onnxruntime is not installed, and `method` for networks and weights that have no form in ONNX.
 */
export async function onRuntime(
  own: Backbone,
  source: string,
  { config, dtype, runtime }: { config?: string; dtype?: "float32" | "float16"; runtime?: Runtime } = {},
): Promise<OrtBackbone> {
  try {
    const engine = runtime ?? requireRuntime();
    // Methods ask whether a network is a ResNet, and choose other layers where it is.
    if (!(own instanceof VitBackbone))
      throw new OnnxError(
        "method",
        `${own.name} runs on our own engine alone; leave the runtime out, or take a ViT`,
      );
    if (dtype === "float16")
      throw new OnnxError(
        "method",
        "weights in float16 are for our own engine; take float32 with onnxruntime",
      );
    const open = await openTower(own, source, { size: own.preprocess.size, config });
    return new OrtBackbone(own, open, engine);
  } catch (error) {
    own.dispose();
    throw error;
  }
}
