import { statSync } from "node:fs";
import { join } from "node:path";
import { findConfig, openWeights } from "@inctrl/clip";
import { Encoder } from "@inctrl/detect";
import { type Device, openSafetensors, scope, sizeOf, tensor, writeSafetensors } from "@inctrl/tensor";
import { isHead, PATCH14, shared, THREE_SHOT, throwsCode } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { makeHeads, storedParameters } from "../src/head-modules.js";
import { Heads, inctrl } from "../src/index.js";

const test = deviceTests("heads");

type Values = Map<string, { shape: readonly number[]; data: Float32Array }>;

/** The head parameters in a released file. */
async function valuesIn(path: string): Promise<Values> {
  const weights = await openWeights(path, { extra: isHead });
  const values: Values = new Map();
  for (const [name, { shape }] of weights.keys) {
    if (/^(adapter|diff_head)/.test(name)) values.set(name, { shape, data: await weights.readFloat32(name) });
  }
  await weights.close();
  return values;
}

/** psi, eta and phi of fixed inputs: what a loaded file must reproduce. */
async function outputs(device: Device, heads: Heads): Promise<Float32Array[]> {
  const ramp = (rows: number, width: number) =>
    tensor(
      device,
      Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i)),
      [rows, width],
    );
  const made = scope(() => {
    const features = ramp(3, heads.embedDim);
    const { module } = heads;
    return [module.adapt(features), module.eta(features), module.phi(ramp(3, heads.patches))];
  });
  const values = await Promise.all(made.map((t) => t.data() as Promise<Float32Array>));
  for (const t of made) t.dispose();
  return values;
}

test("released heads that are saved alone load with the same bits and provenance", async ({
  device,
  folder,
}) => {
  using released = await Heads.load(join(PATCH14, "inctrl.pyth"), device);
  assert.equal([released.embedDim, released.patches], [18, 25]);
  const path = join(folder, "heads.safetensors");
  await released.save(path, { data: "VisA", epochs: "10", shots: "4" });
  using loaded = await Heads.load(path, device);
  assert.equal({ ...loaded.provenance }, { data: "VisA", epochs: "10", shots: "4", format: "inctrl-heads" });
  assert.equal(await outputs(device, loaded), await outputs(device, released));
  // Every part is kept under its released name, those that scoring passes over too.
  const file = await openSafetensors(path);
  assert.equal(
    [...file.tensors.keys()].sort(),
    [...(await valuesIn(join(PATCH14, "inctrl.pyth"))).keys()].sort(),
  );
  await file.close();
  // A second save keeps the first one's words.
  await loaded.save(join(folder, "again.safetensors"));
  using again = await Heads.load(join(folder, "again.safetensors"), device);
  assert.equal(again.provenance, loaded.provenance);
});

test("alpha is read from the file, is 1 where it is missing, and refused where it is no weight", async ({
  device,
  folder,
}) => {
  using released = await Heads.load(join(PATCH14, "inctrl.pyth"), device);
  assert.is(released.alpha, 1);
  const path = join(folder, "heads.safetensors");
  for (const [named, alpha] of [
    ["2.5", 2.5],
    ["0", 0],
  ] as const) {
    await released.save(path, { alpha: named });
    using loaded = await Heads.load(path, device);
    assert.is(loaded.alpha, alpha, named);
  }
  for (const named of ["-1", "much", "NaN", " "]) {
    await released.save(path, { alpha: named });
    await throwsCode(() => Heads.load(path, device), "heads", /its alpha is/);
  }
});

test("heads of the full-size model take about 1.4 MB", async ({ device, folder }) => {
  const { embedDim } = findConfig("ViT-B-16-plus-240");
  const zeros: Values = new Map(
    [...storedParameters(makeHeads("paper", { embedDim, patches: 225 }))].map(([name, { shape }]) => [
      name,
      { shape, data: new Float32Array(sizeOf(shape)) },
    ]),
  );
  const path = join(folder, "full.safetensors");
  using heads = Heads.fromValues(device, zeros, "zeros");
  await heads.save(path);
  const { size } = statSync(path);
  assert.ok(size > 1.33e6 && size < 1.4e6, `${size} bytes`);
  const trainable = [...zeros].filter(([name]) => !name.includes("running"));
  // Spec, section 4; released files hold bn1 beside these, which is never applied.
  assert.is(trainable.reduce((sum, [, { data }]) => sum + data.length, 0) + 2 * (640 + 225), 334_916);
});

test("heads of golden/tiny are the same from the released file and from a file of their own", async ({
  device,
  folder,
}) => {
  const tiny = shared("golden/tiny");
  if (!tiny) return;
  using released = await Heads.load(join(tiny, "inctrl.pyth"), device);
  assert.equal([released.embedDim, released.patches], [32, 16]);
  await released.save(join(folder, "tiny-heads.safetensors"));
  using loaded = await Heads.load(join(folder, "tiny-heads.safetensors"), device);
  assert.equal(await outputs(device, loaded), await outputs(device, released));
  await throwsCode(
    () => Heads.load(join(tiny, "clip.pt"), device),
    "heads",
    /clip\.pt: holds no InCTRL heads/,
  );
});

test("heads of another backbone are refused by the detector, with both sizes", async ({ device }) => {
  using backbone = await fixtureBackbone(device);
  using heads = await Heads.load(join(THREE_SHOT, "inctrl.pyth"), device);
  await throwsCode(
    () => inctrl(new Encoder(backbone), { heads }),
    "heads",
    /take features of 11 values and maps of 9 patches, and .* gives 18 and 25; use heads trained with this backbone/,
  );
});

test("missing, misshaped and unknown parts are named", async ({ device, folder }) => {
  const sound = await valuesIn(join(PATCH14, "inctrl.pyth"));
  let count = 0;
  const refused = async (change: (values: Values) => void, text: RegExp) => {
    const values = new Map(sound);
    change(values);
    const path = join(folder, `bad-${count++}.safetensors`);
    await writeSafetensors(
      path,
      new Map([...values].map(([name, { shape, data }]) => [name, { dtype: "F32" as const, shape, data }])),
    );
    await throwsCode(() => Heads.load(path, device), "heads", text);
  };
  const shaped = (values: Values, name: string, shape: number[]) =>
    values.set(name, { shape, data: new Float32Array(sizeOf(shape)) });
  await refused(
    (v) => v.delete("diff_head_ref.bn3.running_var"),
    /1 of 30 parts are missing \(diff_head_ref\.bn3\.running_var\)/,
  );
  await refused((v) => {
    for (const name of [...v.keys()]) if (name.startsWith("adapter")) v.delete(name);
  }, /2 of \d+ parts are missing \(adapter\.fc\.0\.weight, adapter\.fc\.2\.weight\)/);
  await refused((v) => {
    for (const name of [...v.keys()]) if (name !== "adapter.fc.0.weight") v.delete(name);
  }, /missing \(.*, \.\.\.\)/);
  await refused(
    (v) => shaped(v, "diff_head.projection2.weight", [63, 128]),
    /diff_head\.projection2\.weight is \[63, 128\] and must be \[64, 128\]/,
  );
  await refused(
    (v) => shaped(v, "adapter.fc.0.weight", [4 * 18]),
    /adapter\.fc\.0\.weight is \[72\] and must be/,
  );
  await refused((v) => shaped(v, "adapter.fc.0.weight", [4, 20]), /must be \[5, 20\]/);
  await refused((v) => shaped(v, "adapter.fc.0.weight", [4, 0]), /and must be/);
  await refused(
    (v) => shaped(v, "diff_head.projection4.weight", [1, 1]),
    /"diff_head\.projection4\.weight" is no part of InCTRL's heads/,
  );
  await throwsCode(() => Heads.load(join(folder, "none.pyth"), device), "not-found", /none\.pyth/);
});

test.run();
