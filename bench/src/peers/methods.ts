import {
  Context,
  contextLoss,
  contextPrompts,
  openNetwork,
  METHODS as others,
  randomRegistration,
} from "@inctrl/baselines";
import {
  Encoder,
  fileImages,
  fitImages,
  type Method,
  openBackbone,
  readOptions,
  type VitBackbone,
} from "@inctrl/detect";
import { METHODS as own } from "@inctrl/inctrl";
import { type Device, scope, tensor } from "@inctrl/tensor";
import { operand } from "../data.js";
import { openTuned } from "../device.js";
import type { MethodTask, Peer, Prepared } from "../task.js";
import { imageScores, prepared } from "./pipeline.js";

/** CoOp's own settings. */
const CONTEXT = { count: 16, position: "end" } as const;
const SCALE = 100;
const CLASS = "metal nut";

const open = (device: Device, model: string) =>
  model === "regad"
    ? randomRegistration(device, { mode: "rotation_scale", side: 224 }, 0)
    : openNetwork(device, model);

/** Tasks of methods, which no peer has. */
export const methodTasks: Peer["tasks"] = {
  async method({ method: name, model, set, image, prompts, part }: MethodTask): Promise<Prepared> {
    const backbone = await open(await openTuned(), model);
    const method = [...own, ...others].find((each) => each.name === name) as Method;
    const settings = readOptions(method, set);
    const detector = method.create(new Encoder(backbone, method.input?.(backbone, settings)), settings);
    const fit = () => fitImages(detector, fileImages(prompts), { className: CLASS });
    if (part === "fit") return prepared(async () => (await fit()).dispose(), backbone);
    const fitted = await fit();
    const once = async () => {
      for await (const _ of imageScores(fitted, [image]));
    };
    return prepared(once, backbone, fitted);
  },

  async contextStep({ classes, whole }): Promise<Prepared> {
    const backbone = (await openBackbone(await openTuned(), "nano")) as VitBackbone;
    const { device, embedDim } = backbone;
    let done = () => {};
    const opened = new Promise<Prepared>((resolve, reject) => {
      const use = (tower: Parameters<Parameters<VitBackbone["withText"]>[0]>[0]) => {
        const { text, tokenizer } = tower;
        const { width, layers, mlpWidth, contextLength } = text.text;
        // One context a state is another in each text, so that nothing is shared.
        const options = { ...CONTEXT, form: whole ? ("state" as const) : ("unified" as const) };
        const context = new Context(options, width).to(device);
        const names = Array.from({ length: classes }, (_, i) => `part ${i}`);
        const texts = names.flatMap((name) => contextPrompts(tokenizer, name, CONTEXT.count, contextLength));
        const batch = {
          images: tensor(device, operand(1, classes * embedDim), [classes, embedDim]),
          prompts: texts,
          classes: names.map((_, i) => i),
          labels: names.map((_, i) => i % 2),
        };
        const length = Math.max(...texts.map(({ ids }) => ids.length));
        const shared = whole ? 0 : 1 + CONTEXT.count;
        const tokens = shared + texts.length * (length - shared);
        const step = prepared(
          async () => {
            const { value, gradients, rest } = scope(() => contextLoss(context, text, batch, SCALE));
            await value.data();
            for (const each of [value, ...gradients, ...Object.values(rest)]) each.dispose();
          },
          backbone,
          context,
          batch.images,
          { dispose: () => done() },
        );
        // Forward, and as much backward to the activations.
        resolve({ ...step, work: (4 * tokens * layers * (4 * width ** 2 + 2 * width * mlpWidth)) / 1e9 });
        return new Promise<void>((closed) => {
          done = closed;
        });
      };
      backbone.withText(use, { trainable: true }).catch(reject);
    });
    return opened;
  },
};
