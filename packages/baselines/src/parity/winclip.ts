import { type Clip, prefixTokens, windowPatches } from "@inctrl/clip";
import { type ParityCheck, parity, prototypesFromIds } from "@inctrl/detect";
import {
  add,
  type Device,
  mul,
  nearest,
  reshape,
  resizeBilinear,
  scope,
  slice,
  type Tensor,
} from "@inctrl/tensor";
import { SIDES, Windows } from "../winclip/windows.js";
import { openClip } from "./clip.js";
import { type Golden, type Made, openGolden } from "./golden.js";

/** Scales of text scores, by the prefix of the values made with them, and the prototypes that go with them. */
const scalesOf = ({ config }: Clip) =>
  ({
    "": [config.text?.logitScale ?? 100, "prototypes"],
    _t07: [1 / 0.07, "prototypes_plain"],
  }) as const;

/** A query that is a prompt must have no larger entry in its few-shot map. */
const OWN_RESIDUAL = 2e-6;

/** What the image tower makes of some images. */
type Seen = ReturnType<typeof encode>;

/** Every value of `winclip.safetensors`, and that a prompt's own map is 0. */
export async function winclipChecks(device: Device, folder: string): Promise<ParityCheck[]> {
  const golden = await openGolden(folder, "winclip");
  try {
    using clip = await openClip(device, folder);
    const made = await compute(device, clip, golden);
    const own = await made.own.data();
    made.own.dispose();
    return [
      ...(await golden.compare(made.values)),
      parity.compare("winclip: map of a prompt itself", own, new Float32Array(own.length), OWN_RESIDUAL),
    ];
  } finally {
    await golden.close();
  }
}

async function compute(device: Device, clip: Clip, golden: Golden): Promise<{ values: Made; own: Tensor }> {
  const { rows, columns } = gridOf(clip, golden);
  using windows = new Windows(device, { rows, columns });
  const inputs = [await golden.tensor(device, "query"), await golden.tensor(device, "prompts")];
  const ids = { normal: await golden.numbers("normal_ids"), anomaly: await golden.numbers("anomaly_ids") };
  const length = golden.shape("normal_ids")[1];
  const [normal, anomaly] = [Int32Array.from(ids.normal), Int32Array.from(ids.anomaly)];
  const shots = golden.names("few.").flatMap((name) => name.match(/^few\.(\d+)\.map$/)?.[1] ?? []);
  const made = scope(() => {
    const [query, prompts] = inputs.map((pixels) => encode(clip, pixels));
    const texts = (average: "unit" | "raw") =>
      prototypesFromIds(clip.text!, { normal, anomaly, length }, average);
    const prototypes = { prototypes: texts("unit"), prototypes_plain: texts("raw") };
    const few = (count: number, of: Seen) => fewOf(windows, of, take(prompts, count));
    const grown = (map: Tensor) =>
      resizeBilinear(reshape(map, [-1, rows, columns]), [inputs[0].shape[2], inputs[0].shape[3]]);
    const values: Record<string, Tensor> = {
      ...prototypes,
      ...named("query", query),
      ...named("prompts", prompts),
      "query.patches_post": query.post,
    };
    for (const [suffix, [scale, name]] of Object.entries(scalesOf(clip))) {
      const zero = windows.zeroShot(query, prototypes[name], scale);
      Object.assign(values, under(`zero${suffix}`, { ...zero, pixels: grown(zero.map) }));
      for (const count of shots) {
        const { last, post } = few(Number(count), query);
        const half = (a: Tensor, b: Tensor) => mul(add(a, b), 0.5);
        const segmentation = half(zero.map, last.map);
        const all = {
          ...{ ...last, patch: last.patches, image: undefined, score: half(zero.image, last.visual) },
          ...{ segmentation, pixels: grown(segmentation) },
          ...{ patch_post: post.patches, map_post: post.map, score_post: half(zero.image, post.visual) },
        };
        Object.assign(values, under(`few${suffix}.${count}`, all));
      }
    }
    const own = few(prompts.features.shape[0], prompts).last.map;
    return { values, own };
  });
  for (const each of inputs) each.dispose();
  const masks = SIDES.map((side) => [`masks.${side}`, windowPatches({ rows, columns }, side).flat()]);
  return { values: { ...made.values, ...Object.fromEntries(masks) }, own: made.own };
}

function gridOf({ vision }: Clip, golden: Golden) {
  const [, , height, width] = golden.shape("query");
  const { patch } = vision.config.vision;
  return { rows: Math.floor(height / patch), columns: Math.floor(width / patch) };
}

function encode({ vision }: Clip, pixels: Tensor) {
  const { layers } = vision.config.vision;
  const { features, taps, windows } = vision.forward(pixels, { taps: [layers], windows: SIDES });
  const patches = slice(taps[0], [null, [prefixTokens(vision.config.vision), taps[0].shape[1]]]);
  return {
    features,
    windows,
    patches,
    post: vision.ln_post.forward(patches),
    embedded: vision.place(pixels),
  };
}

/** The first so many images. */
const take = (seen: Seen, count: number): Pick<Seen, "windows" | "patches" | "post"> => {
  const first = (t: Tensor) => slice(t, [[0, count]]);
  return { windows: seen.windows.map(first), patches: first(seen.patches), post: first(seen.post) };
};

function fewOf(windows: Windows, query: Seen, prompts: ReturnType<typeof take>) {
  const similarity = (a: Tensor, bank: Tensor) => nearest(a, reshape(bank, [-1, bank.shape[2]])).similarity;
  const own = query.windows.map((each, i) => similarity(each, prompts.windows[i]));
  const of = (a: Tensor, bank: Tensor) => windows.fewShot({ windows: own, patches: similarity(a, bank) });
  return { last: of(query.patches, prompts.patches), post: of(query.post, prompts.post) };
}

const named = (prefix: string, { features, windows, patches, embedded }: Seen): Record<string, Tensor> =>
  under(prefix, { embedded, image: features, patches, windows });

/** Values under a prefix, lists by the side of their windows. */
function under(
  prefix: string,
  values: Readonly<Record<string, Tensor | readonly Tensor[] | undefined>>,
): Record<string, Tensor> {
  const flat: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if ("shape" in value) flat[`${prefix}.${name}`] = value;
    else for (const [i, each] of value.entries()) flat[`${prefix}.${name.slice(0, -1)}.${SIDES[i]}`] = each;
  }
  return flat;
}
