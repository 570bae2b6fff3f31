import { join } from "node:path";
import type { Clip } from "@inctrl/clip";
import {
  type Check,
  finite,
  fits,
  listOf,
  mapOf,
  type ParityCheck,
  parity,
  text,
  textScore,
} from "@inctrl/detect";
import {
  add,
  type Device,
  exp,
  mul,
  normalize,
  reshape,
  scope,
  slice,
  softmax,
  type Tensor,
} from "@inctrl/tensor";
import { Context, type ContextOptions } from "../coop/context.js";
import { type ContextPrompt, contextOrder, type NamePosition } from "../coop/prompt.js";
import { contextLoss, contextOptimizer, contextRates } from "../coop/step.js";
import { openClip } from "./clip.js";
import { type Golden, type Made, openGolden } from "./golden.js";

/** Images and texts that all forms of the context are trained on. */
interface Task {
  readonly images: Tensor;
  readonly query: Tensor;
  readonly visual: Tensor;
  readonly prompts: readonly ContextPrompt[];
  readonly products: readonly number[];
  readonly labels: readonly number[];
  /** Places of a text, padding included. */
  readonly length: number;
  readonly scale: number;
  /** Learning rate of the steps. */
  readonly rate: number;
}

/** What `coop.json` holds besides. */
export interface Facts {
  readonly prompts: readonly (Pick<ContextPrompt, "ids"> & {
    readonly context: number;
    readonly name: string;
    readonly name_len: number;
    readonly order: Readonly<Record<NamePosition, readonly number[]>>;
  })[];
  /** Learning rates by number of epochs and epoch. */
  readonly rates: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly optimiser: { readonly golden_rate: number };
}

const POSITIONS: readonly string[] = ["end", "middle", "front"] satisfies NamePosition[];
const numbers = listOf(finite);
const PROMPT: Check = {
  ...{ context: finite, name: text, name_len: finite, ids: numbers },
  order: (value) =>
    fits(value, mapOf(numbers)) && Object.keys(value as object).every((each) => POSITIONS.includes(each)),
};

export const COOP_FACTS: Check = {
  prompts: listOf((value) => fits(value, PROMPT) && holdsItsParts(value as Facts["prompts"][number])),
  rates: mapOf((value) => fits(value, mapOf(finite)) && fits(value, { 1: finite })),
  optimiser: { golden_rate: finite },
};

/** Whether a text's ids are as many as its start, its context and its name are together, or more. */
const holdsItsParts = ({ context, name_len, ids }: Facts["prompts"][number]): boolean =>
  [context, name_len].every((count) => Number.isInteger(count) && count >= 0) &&
  1 + context + name_len <= ids.length;

/** Rounding of a learning rate in float64. */
const RATE_TOLERANCE = 1e-12;

/** Every value of `coop.safetensors`: features, logits and gradient at the start, and three steps of training. */
export async function coopChecks(device: Device, folder: string): Promise<ParityCheck[]> {
  const [golden, winclip] = [await openGolden(folder, "coop"), await openGolden(folder, "winclip")];
  using clip = await openClip(device, folder, { trainable: true });
  const facts: Facts = await parity.readFacts(join(folder, "coop.json"), COOP_FACTS);
  const task = await openTask(device, clip, golden, winclip, facts);
  try {
    const made: Made = { image_features: task.images };
    for (const name of golden.names("")) {
      const [, position, form] = name.match(/^(\w+)\.(\w+)\.order$/) ?? [];
      if (position === undefined) continue;
      const prefix = `${position}.${form}`;
      const start = await golden.tensor(device, `${form}.context`);
      const options = {
        ...{ count: start.shape[start.rank - 2], position: position as ContextOptions["position"] },
        form: form === "state" ? ("state" as const) : ("unified" as const),
      };
      using context = new Context(options, clip.text!.text.width);
      context.vectors.set(start);
      const taken = golden.names(`${prefix}.context.`).map((each) => Number(each.split(".").at(-1)));
      for (const [key, value] of Object.entries(await train(clip, context, task, taken)))
        made[`${prefix}.${key}`] = value;
    }
    return [...factChecks(facts), ...(await golden.compare(made))];
  } finally {
    for (const each of [task.query, task.visual]) each.dispose();
    for (const each of [golden, winclip]) await each.close();
  }
}

/** Learning rates, and what stands where in texts of the model's own vocabulary. */
export function factChecks({ rates, prompts }: Facts): ParityCheck[] {
  const schedules = Object.entries(rates).map(([epochs, want]) => {
    // The first epoch after the one that is held has the whole rate.
    const rate = contextRates(want["1"], Number(epochs), 1);
    const got = Object.keys(want).map((epoch) => rate(Number(epoch)));
    return parity.compare(`coop: rates of ${epochs} epochs`, got, Object.values(want), RATE_TOLERANCE);
  });
  const orders = prompts.flatMap(({ context, name, name_len, ids, order }) =>
    Object.entries(order).map(([position, want]) => {
      const got = contextOrder({ nameLength: name_len }, context, position as NamePosition, ids.length);
      return parity.compare(`coop: ${position} of "${name}", ${context} vectors`, got, want, 0);
    }),
  );
  return [...schedules, ...orders];
}

async function openTask(
  device: Device,
  clip: Clip,
  golden: Golden,
  winclip: Golden,
  facts: Facts,
): Promise<Task> {
  const [ids, lengths] = [await golden.numbers("ids"), await golden.numbers("name_lens")];
  const length = golden.shape("ids")[1];
  const largest = Math.max(...winclip.names("few.").map((name) => Number(name.split(".")[1])));
  const encode = async (from: Golden, name: string) => {
    const pixels = await from.tensor(device, name);
    const made = scope(() => clip.vision.forward(pixels).features);
    pixels.dispose();
    return made;
  };
  const scale = scope(() => exp(clip.text!.logit_scale.value));
  const factor = await scale.item();
  scale.dispose();
  return {
    images: await encode(golden, "images"),
    query: await encode(winclip, "query"),
    visual: await winclip.tensor(device, `few.${largest}.visual`),
    prompts: lengths.map((nameLength, i) => {
      const row = ids.slice(i * length, (i + 1) * length);
      const end = row.indexOf(Math.max(...row));
      return { ids: row.slice(0, end + 1), nameLength, state: (i % 2) as 0 | 1 };
    }),
    ...{ products: await golden.numbers("products"), labels: await golden.numbers("labels") },
    ...{ length, scale: factor, rate: facts.optimiser.golden_rate },
  };
}

/** Everything that is computed with one form of the context, which is trained. @param taken steps after which its vectors are wanted. */
async function train({ text }: Clip, context: Context, task: Task, taken: readonly number[]): Promise<Made> {
  const { images, prompts, products, labels, length, scale, rate, query, visual } = task;
  const { count, position } = context.options;
  using optimizer = contextOptimizer(context, rate);
  const made: Made = {
    order: prompts.flatMap((prompt) => contextOrder(prompt, count, position, length)),
  };
  for (let step = 0; step < Math.max(...taken); step++) {
    const batch = { images, prompts, classes: products, labels };
    const { value, gradients, rest } = contextLoss(context, text!, batch, scale);
    made[`loss.${step}`] = value;
    if (step === 0) {
      made.text_features = rest.texts;
      made.logits = rest.logits;
      made.scores = scope(() => reshape(slice(softmax(rest.logits), [null, [1, 2]]), [-1]));
      made.gradient = await gradients[0].data();
    } else for (const each of Object.values(rest)) each.dispose();
    optimizer.step(gradients);
    if (taken.includes(step + 1)) made[`context.${step + 1}`] = await context.vectors.value.data();
  }
  const [score, mean] = scope(() => {
    const own = textScore(query, normalize(context.features(text!, prompts.slice(0, 2))), scale);
    return [own, mul(add(own, visual), 0.5)];
  });
  return { ...made, "query.text": score, "query.score": mean };
}
